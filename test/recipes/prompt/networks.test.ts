// What a recipe lists is what is loaded: both questions of one parser, asked of the same prompts.
import { describe, expect, test } from 'vitest'
import type { NetworkRef, Recipe } from '#contracts/recipe.ts'
import { namedNetworks, networksOf } from '#recipes/prompt/networks.ts'
import { RECIPE } from '../recipe-fixture.ts'

const sha = (digit: string) => digit.repeat(64)
const installed = [
  { kind: 'lora', name: 'ink', sha256: sha('1') },
  { kind: 'lora', name: 'x y', sha256: sha('4') },
  { kind: 'embedding', name: 'bad-hands', sha256: sha('2') },
  { kind: 'embedding', name: 'tiny.cat', sha256: sha('3') },
] as const
const every: NetworkRef[] = installed.map(({ kind, name, sha256 }) => ({ kind, name, hash: sha256 }))

const named = (prompt: string, rest: { negativePrompt?: string; weighting?: Recipe['weighting'] } = {}) => {
  const { networks, unknown } = namedNetworks({ prompt, negativePrompt: '', ...rest }, installed)
  return { names: networks.map(({ name }) => name), unknown }
}
/** LoRAs that a model is loaded with when everything installed is offered. */
const loaded = (prompt: string, change: Partial<Recipe> = {}) =>
  networksOf({ ...RECIPE, prompt, networks: every, ...change })
    .filter(({ kind }) => kind === 'lora')
    .map(({ name, strength }) => [name, strength])

describe('a LoRA is listed and loaded', () => {
  test.each([
    ['a fox <lora:ink:0.75>', [['ink', 0.75]]],
    ['<lora:ink>', [['ink', 1]]],
    ['<lora:ink:>', [['ink', 1]]],
    ['<lora:ink: 0.5 >', [['ink', 1]]],
    ['<lora:ink: 0.5>', [['ink', 0.5]]],
    ['<lora:ink:half>', [['ink', 1]]],
    ['<lora:ink:0.5:0.25>', [['ink', 1]]],
    ['<lyco:ink:0.5>', [['ink', 0.5]]],
    ['<lora:x y:0.5>', [['x y', 0.5]]],
    ['<lora:ink:0.75> a (fox <lora:ink:-0.5>:1.2)', [['ink', 0.25]]],
    ['((<lora:ink:1>))', [['ink', 1]]],
    ['[<lora:ink:0.5>:b:0.5]', [['ink', 0.5]]],
    ['[a|<lora:ink:0.5>]', [['ink', 0.5]]],
    ['{a <lora:ink:0.5>', [['ink', 0.5]]],
    ['a <lora:ink<lora:ink:0.5>>', [['ink', 0.5]]],
    ['\\\\<lora:ink:0.5>', [['ink', 0.5]]],
    ['a AND <lora:ink:0.5>', [['ink', 0.5]]],
    ['a BREAK <lora:ink:0.5>', [['ink', 0.5]]],
  ])('in %j', (prompt, strengths) => {
    expect(loaded(prompt)).toEqual(strengths)
    expect(named(prompt)).toEqual({ names: strengths.map(([name]) => name), unknown: [] })
  })
})

describe('a LoRA is neither listed nor loaded', () => {
  test.each([
    // The name is taken as it is typed, as A1111 takes it; nothing installed is called " ink ".
    ['<lora: ink :1>', [' ink ']],
    ['<lora:ink :1>', ['ink ']],
    ['<lora:Ink:1>', ['Ink']],
    ['<lora:lost:1>', ['lost']],
    ['\\<lora:ink:0.5\\>', []],
    ['\\<lora:ink:0.5>', []],
    ['<LORA:ink:1>', []],
    ['< lora:ink:1>', []],
    ['<lora :ink:1>', []],
    ['<hypernet:ink:1>', []],
    ['<lora:ink:0>', []],
    ['<lora:ink\n:1>', []],
    ['<lora:ink:1', []],
    [`<lora:ink:${'0'.repeat(300)}1>`, []],
    ['lora:ink:1', []],
    ['ink', []],
  ])('in %j', (prompt, unknown) => {
    expect(loaded(prompt)).toEqual([])
    expect(named(prompt)).toEqual({ names: [], unknown })
  })

  test('where the prompt is read literally, or only the negative one names it', () => {
    expect(loaded('<lora:ink:1>', { weighting: 'none' })).toEqual([])
    expect(named('<lora:ink:1> <lora:lost:1> bad-hands', { weighting: 'none' })).toEqual({ names: [], unknown: [] })
    expect(loaded('a fox', { negativePrompt: '<lora:ink:1>' })).toEqual([])
    expect(named('a fox', { negativePrompt: '<lora:ink:1>' })).toEqual({ names: [], unknown: [] })
  })

  test('where its strengths cancel out, or the recipe has no file for it', () => {
    expect(loaded('<lora:ink:1><lora:ink:-1>')).toEqual([])
    expect(networksOf({ ...RECIPE, prompt: '<lora:ink:1>' })).toEqual([])
  })
})

test('a choice names what any seed may draw, and loads what this one draws', () => {
  const prompt = '{<lora:ink:0.5>|b}'
  expect(named(prompt).names).toEqual(['ink'])
  const drawn = [...Array(8).keys()].map((seed) => loaded(prompt, { seed }).length)
  expect(new Set(drawn)).toEqual(new Set([0, 1]))
})

describe('an embedding is named', () => {
  test('by whole words of either prompt, bare or in angle brackets, LoRAs first', () => {
    expect(named('a <tiny.cat> <lora:ink:1>', { negativePrompt: 'bad-hands, blurry' }).names).toEqual([
      'ink',
      'bad-hands',
      'tiny.cat',
    ])
    for (const prompt of ['(bad-hands:1.2)', '\\(bad-hands\\)', '[a|bad-hands]', '{a|bad-hands}', '[bad-hands:b:0.5]'])
      expect(named(prompt).names, prompt).toEqual(['bad-hands'])
  })

  test('by nothing else', () => {
    const others = ['bad-hands-5', 'verybad-hands', 'bad-hands2', 'Bad-Hands', 'tinyxcat', 'bad-(hands:1.2)']
    for (const prompt of [...others, '<lora:bad-hands:1>', '<hypernet:bad-hands:1>'])
      expect(named(prompt).names, prompt).toEqual([])
  })
})

test('a recipe of an older Dewpoint, which listed what it did not load, still loads just what it did', () => {
  const networks = every.slice(0, 3)
  expect(networksOf({ ...RECIPE, prompt: '<lora: ink :1> \\<lora:x y:1\\>', networks })).toEqual([
    { ...every[2], strength: 1 },
  ])
})
