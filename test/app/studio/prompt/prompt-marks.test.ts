// Marks on a prompt's text.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { markedRuns, moveMarks, problemAtCaret } from '#app/studio/prompt/prompt-marks.ts'
import { difference } from '#app/studio/prompt/replace-text.ts'

const problem = (start: number, end: number, message = 'wrong') => ({ start, end, message })

describe('difference', () => {
  it('is the one stretch that changed, for every pair of texts', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', ' '), maxLength: 12 })
    fc.assert(
      fc.property(text, text, (before, after) => {
        const { start, end, inserted } = difference(before, after)
        expect(before.slice(0, start) + inserted + before.slice(end)).toBe(after)
        expect(start).toBeLessThanOrEqual(end)
      }),
    )
  })
})

describe('moveMarks', () => {
  const marks = {
    problems: [problem(0, 3), problem(8, 11)],
    weights: [{ start: 4, end: 7, weight: 1.2 }],
    borders: [8],
  }

  it('keeps what stands before an edit, moves what stands behind, drops what was edited', () => {
    expect(moveMarks(marks, 'cat dog fox', 'cat dogs fox')).toEqual({
      problems: [problem(0, 3), problem(9, 12)],
      weights: [{ start: 4, end: 7, weight: 1.2 }],
      borders: [9],
    })
    expect(moveMarks(marks, 'cat dog fox', 'cat dg fox').weights).toEqual([])
    expect(moveMarks(marks, 'cat dog fox', 'cat dog fox')).toBe(marks)
    expect(moveMarks(marks, 'cat dog fox', '').problems).toEqual([])
  })
})

describe('markedRuns', () => {
  it('cuts the text where a mark begins or ends', () => {
    const runs = markedRuns('a (cat:1.3) xyl b', {
      problems: [problem(12, 15)],
      weights: [{ start: 3, end: 6, weight: 1.3 }],
      borders: [16],
    })
    expect(runs.map(({ text, weight, problem, isBorder }) => [text, weight, problem?.message, isBorder])).toEqual([
      ['a (', undefined, undefined, false],
      ['cat', 1.3, undefined, false],
      [':1.3) ', undefined, undefined, false],
      ['xyl', undefined, 'wrong', false],
      [' ', undefined, undefined, false],
      ['b', undefined, undefined, true],
    ])
  })

  it('shows the shorter of two problems, whatever their order', () => {
    const both = [problem(2, 4, 'word'), problem(0, 6, 'rest')]
    const shown = (problems: typeof both) =>
      markedRuns('abcdef', { problems, weights: [], borders: [] }).map(({ text, problem }) => [text, problem?.message])
    const expected = [
      ['ab', 'rest'],
      ['cd', 'word'],
      ['ef', 'rest'],
    ]
    expect(shown(both)).toEqual(expected)
    expect(shown(both.toReversed())).toEqual(expected)
  })

  it('joined again is the text, for every text and mark', () => {
    const span = fc.tuple(fc.nat(20), fc.nat(20)).map(([a, b]) => problem(Math.min(a, b), Math.max(a, b)))
    fc.assert(
      fc.property(
        fc.string({ maxLength: 20 }),
        fc.array(span, { maxLength: 4 }),
        fc.array(fc.nat(20)),
        (text, problems, borders) => {
          const runs = markedRuns(text, {
            problems,
            weights: problems.map((each) => ({ ...each, weight: 2 })),
            borders,
          })
          expect(runs.map((run) => run.text).join('')).toBe(text)
        },
      ),
    )
  })
})

describe('problemAtCaret', () => {
  it('finds the shortest one the caret touches', () => {
    const problems = [problem(0, 10, 'rest'), problem(4, 6, 'word')]
    expect(problemAtCaret(problems, 6)?.message).toBe('word')
    expect(problemAtCaret(problems, 7)?.message).toBe('rest')
    expect(problemAtCaret(problems, 11)).toBeUndefined()
  })
})
