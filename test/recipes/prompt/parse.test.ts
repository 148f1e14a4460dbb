// The prompt language: what each form means, that nothing is lost, that nothing throws, and that hostile input costs linear time.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readPrompt } from '#diffusion/prompt/read.ts'
import { parsePrompt } from '#recipes/prompt/parse.ts'
import { printPrompt } from '#recipes/prompt/print.ts'
import { effort, startWorkClock } from '#test/harness/effort.ts'

/** Text and weight of the runs at one step, weights rounded to six digits. */
function runs(text: string, step = 1, steps = 10, seed = 0) {
  const { parts } = readPrompt(parsePrompt(text), { step, steps, seed })
  return parts.map(({ segments }) =>
    segments.map((segment) =>
      segment.type === 'break' ? 'BREAK' : [segment.text, Math.round(segment.weight * 1e6) / 1e6],
    ),
  )
}

describe('weights', () => {
  // The examples of the docstring of modules/prompt_parser.py parse_prompt_attention,
  // AUTOMATIC1111/stable-diffusion-webui, read as A1111 reads them.
  test.each([
    ['normal text', [['normal text', 1]]],
    [
      'an (important) word',
      [
        ['an ', 1],
        ['important', 1.1],
        [' word', 1],
      ],
    ],
    ['(unbalanced', [['unbalanced', 1.1]]],
    ['\\(literal\\]', [['(literal]', 1]]],
    ['(unnecessary)(parens)', [['unnecessaryparens', 1.1]]],
    [
      'a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).',
      [
        ['a ', 1],
        ['house', 1.573],
        [' ', 1.1],
        ['on', 1],
        [' a ', 1.1],
        ['hill', 0.55],
        [', sun, ', 1.1],
        ['sky', 1.4641],
        ['.', 1.1],
      ],
    ],
  ])('%s', (text, expected) => {
    expect(runs(text)).toEqual([expected])
  })

  test('nested weights multiply, negative and zero ones included', () => {
    expect(runs('((a:2):3) (b:0) (c:-1.5) (d: .5 )')).toEqual([
      [
        ['a', 6],
        [' ', 1],
        ['b', 0],
        [' ', 1],
        ['c', -1.5],
        [' ', 1],
        ['d', 0.5],
      ],
    ])
  })

  test('a colon without a weight behind it is a colon', () => {
    expect(runs('at 10:30, (ratio 3:2 of a), b:c :) <3 a|b')).toEqual([
      [
        ['at 10:30, ', 1],
        ['ratio 3:2 of a', 1.1],
        [', b:c :) <3 a|b', 1],
      ],
    ])
  })

  test('a weight out of all proportion is text and named', () => {
    const { problems } = parsePrompt('(a:1000)')
    expect(problems).toEqual([expect.objectContaining({ start: 2, end: 7, message: expect.stringContaining('100') })])
  })
})

describe('steps', () => {
  test('[from:to:when] says from up to and including that step', () => {
    const at = (text: string) => [1, 5, 6, 10].map((step) => runs(text, step)[0]?.[0]?.[0])
    expect(at('[cat:dog:5]')).toEqual(['cat', 'cat', 'dog', 'dog'])
    expect(at('[cat:dog:0.5]')).toEqual(['cat', 'cat', 'dog', 'dog'])
    expect(at('[dog: 0.5 ]')).toEqual(['', '', 'dog', 'dog'])
    expect(at('[cat::5]')).toEqual(['cat', 'cat', '', ''])
    expect(at('[cat:dog:0]')).toEqual(['dog', 'dog', 'dog', 'dog'])
    expect(at('[cat:dog:1.0]')).toEqual(['cat', 'cat', 'cat', 'cat'])
    expect(at('[cat:dog:99]')).toEqual(['cat', 'cat', 'cat', 'cat'])
  })

  test('[a|b|c] takes turns, empty turns included', () => {
    expect([1, 2, 3, 4].map((step) => runs('x [a|b|]', step)[0]?.[0]?.[0])).toEqual(['x a', 'x b', 'x ', 'x a'])
  })

  test('schedules nest in each other and in weights', () => {
    const text = '(a [b:[c|d]:2]:1.5)'
    expect([1, 2, 3, 4].map((step) => runs(text, step)[0]?.[0])).toEqual([
      ['a b', 1.5],
      ['a b', 1.5],
      ['a c', 1.5],
      ['a d', 1.5],
    ])
  })

  test('square brackets that are no schedule mean less weight', () => {
    expect(runs('[a]')).toEqual([[['a', 0.909091]]])
    expect(runs('[a:b]')).toEqual([[['a:b', 0.909091]]])
    expect(runs('[a:b:c:5]')).toEqual([[['a:b:c:5', 0.909091]]])
    expect(parsePrompt('[a:b:c:5]').problems).toHaveLength(1)
    expect(parsePrompt('[a:b:c]').problems).toHaveLength(1)
    expect(parsePrompt('[a:-5]').problems).toHaveLength(1)
  })
})

describe('AND, BREAK, choices and networks', () => {
  test('AND joins whole prompts, each with its own weight', () => {
    const { parts } = readPrompt(parsePrompt('a cat :1.2 AND a dog AND (b:2):-.5'), { step: 1, steps: 1, seed: 0 })
    expect(parts.map(({ weight }) => weight)).toEqual([1.2, 1, -0.5])
    expect(runs('a cat :1.2 AND a dog AND (b:2):-.5')).toEqual([[['a cat', 1]], [['a dog', 1]], [['b', 2]]])
  })

  test('past eight parts AND is text, because each part costs a model call a step', () => {
    const text = Array.from({ length: 10 }, () => 'a').join(' AND ')
    expect(runs(text)).toHaveLength(8)
    expect(runs(text)[7]).toEqual([['a AND a AND a', 1]])
    expect(parsePrompt(text).problems).toHaveLength(2)
  })

  test('in a negative prompt AND is text', () => {
    const { parts, problems } = parsePrompt('a :1.2 AND b', { joins: false })
    expect(parts).toHaveLength(1)
    expect(printPrompt({ parts })).toBe('a :1.2 AND b')
    expect(problems).toEqual([
      expect.objectContaining({ start: 7, end: 10, message: expect.stringContaining('negative') }),
    ])
  })

  test('without AND a trailing number is text', () => {
    expect(runs('a clock at 10:30')).toEqual([[['a clock at 10:30', 1]]])
  })

  test('AND inside a word or a bracket is text', () => {
    expect(runs('SANDBOX BAND AND_ ÀAND')).toHaveLength(1)
    expect(runs('(a AND b)')).toEqual([[['a AND b', 1.1]]])
    expect(parsePrompt('(a AND b)').problems).toHaveLength(1)
  })

  test('BREAK splits, as a word of its own', () => {
    expect(runs('a BREAK (b BREAK c) BREAKFAST')).toEqual([
      [['a ', 1], 'BREAK', [' ', 1], ['b ', 1.1], 'BREAK', [' c', 1.1], [' BREAKFAST', 1]],
    ])
  })

  test('{a|b|c} draws once per seed, evenly, and not the same for every choice of a prompt', () => {
    const draw = (seed: number) => String(runs('{a|b|c}{a|b|c}', 1, 1, seed)[0]?.[0]?.[0])
    expect(draw(7)).toBe(draw(7))
    const counts = new Map<string, number>()
    for (let seed = 0; seed < 9000; seed++) counts.set(draw(seed), (counts.get(draw(seed)) ?? 0) + 1)
    expect(counts.size).toBe(9)
    // 9,000 draws over nine pairs: mean 1,000, standard deviation 30; five of them.
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150)
  })

  test('braces without a bar are braces', () => {
    expect(runs('{a} {b')).toEqual([[['{a} {b', 1]]])
  })

  test('<lora:name:scale> adds no text and carries its scale', () => {
    expect(runs('a <lora:detail v2:0.8>b')).toEqual([[['a b', 1]]])
    const [, network] = parsePrompt('a <lora:detail v2:0.8>').parts[0]?.nodes ?? []
    expect(network).toMatchObject({ type: 'network', kind: 'lora', name: 'detail v2', scale: 0.8 })
    expect(parsePrompt('<lora:x:lots>').problems).toHaveLength(1)
    expect(runs('<b>a</b>')).toEqual([[['<b>a</b>', 1]]])
  })
})

describe('what looks like a mistake', () => {
  test('has its place and what it is read as', () => {
    const found = (text: string) =>
      parsePrompt(text).problems.map(({ start, end, message }) => [text.slice(start, end), message])
    expect(found('a (b')).toEqual([['(', expect.stringContaining('never closed')]])
    expect(found('a b)')).toEqual([[')', expect.stringContaining('closes nothing')]])
    expect(found('(a]')[0]).toEqual([']', expect.stringContaining('does not close')])
    expect(found('a __color__ b')).toEqual([['__color__', expect.stringContaining('Wildcard')]])
    expect(found('plain, text: with (weights:1.2) and [a|b] at 10:30 {x|y} {z}')).toEqual([])
  })

  test('brackets past the depth limit are text, and the rest of the prompt is read as usual', () => {
    const deep = `${'('.repeat(80)}a${')'.repeat(80)} (b:2)`
    const { problems } = parsePrompt(deep)
    expect(problems).toHaveLength(1)
    expect(runs(deep)[0]?.at(-1)).toEqual(['b', 2])
  })
})

/** Text dense in everything the syntax knows, so that random strings reach all of it. */
const promptText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...'()[]{}|:\\<>,.-+ \n_',
        'AND',
        ' AND ',
        'BREAK',
        ' BREAK ',
        '0.5',
        ':1.2)',
        ':5]',
        '<lora:a:1>',
        '__a__',
      ),
      fc.constantFrom('a', 'cat', 'é', '🐼', '\ud83d', '漢', '10'),
      fc.string({ maxLength: 4, unit: 'binary' }),
    ),
    { maxLength: 60 },
  )
  .map((pieces) => pieces.join(''))

describe('for every text', () => {
  test('printing what was parsed gives the text back, and every character is in one node', () => {
    fc.assert(
      fc.property(promptText, (text) => {
        const prompt = parsePrompt(text)
        expect(printPrompt(prompt)).toBe(text)
        expect(parsePrompt(printPrompt(prompt))).toEqual(prompt)
      }),
      { numRuns: effort(2_000) },
    )
  })

  test('problems lie inside the text, and reading it at any step gives finite weights', () => {
    fc.assert(
      fc.property(promptText, fc.integer({ min: 1, max: 150 }), (text, step) => {
        const prompt = parsePrompt(text)
        for (const { start, end } of prompt.problems) {
          expect(start).toBeGreaterThanOrEqual(0)
          expect(end).toBeLessThanOrEqual(text.length)
          expect(start).toBeLessThan(end)
        }
        const { parts } = readPrompt(prompt, { step, steps: 150, seed: step })
        for (const { segments } of parts) {
          for (const segment of segments) expect(segment.type === 'break' || Number.isFinite(segment.weight)).toBe(true)
        }
      }),
      { numRuns: effort(2_000) },
    )
  })

  test('text without syntax is one run, exactly as typed', () => {
    const plain = fc.string({ unit: fc.constantFrom(...'abc ,.!?-/é漢🐼\n\'"#*0123456789') })
    fc.assert(
      fc.property(plain, (text) => {
        expect(runs(text)).toEqual([[[text, 1]]])
      }),
    )
  })
})

describe('one megabyte', () => {
  const SIZE = effort(1024 * 1024)
  const fill = (unit: string) => unit.repeat(Math.ceil(SIZE / unit.length)).slice(0, SIZE)
  const hostile = [
    '(',
    '[',
    '{',
    ')',
    ']',
    '}',
    ':',
    '|',
    '\\',
    '<',
    '_',
    'A',
    '()',
    '(a:1.2)',
    '[a:b:0.5]',
    '[a|',
    '[:',
    '[::',
    '{a|b}',
    '{|',
    '(:',
    '(:1',
    '(:1.',
    '(: ',
    ':1 AND ',
    'AND ',
    ' BREAK',
    '<lora:',
    '<lora:a:1>',
    '__',
    '__a',
    '(\\',
    '[(',
    '([{',
    ')]}',
    'a:1:',
    '1',
    '(1:11111111111111111111',
    '漢',
    '🐼',
  ]

  // Anything quadratic takes minutes at this size, 10^12 looks at a character; linear is tens to hundreds of milliseconds.
  test.each(hostile)('of %j is parsed, read and printed within seconds', (unit) => {
    const text = fill(unit)
    const workedMs = startWorkClock()
    const prompt = parsePrompt(text)
    readPrompt(prompt, { step: 1, steps: 30, seed: 1 })
    const printed = printPrompt(prompt)
    expect(workedMs()).toBeLessThan(10_000)
    expect(printed).toBe(text)
  })
})
