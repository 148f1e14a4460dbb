// The prompt over the steps of a run.
import { describe, expect, test } from 'vitest'
import { planPrompt } from '#diffusion/prompt/plan.ts'

const options = { steps: 6, seed: 1, weighting: 'a1111' } as const
const textOf = (text: string, place: number) =>
  planPrompt(text, options).readings[place]?.parts[0]?.segments.map((s) => (s.type === 'text' ? s.text : s.type))

describe('planPrompt', () => {
  test('a prompt that never changes has one reading', () => {
    expect(planPrompt('a (cat:1.2) {x|y}', options).readingOfStep).toEqual([0, 0, 0, 0, 0, 0])
    expect(planPrompt('a cat', options).readings).toHaveLength(1)
  })

  test('a schedule has two, an alternation as many as options, each encoded once', () => {
    expect(planPrompt('[cat:dog:2]', options).readingOfStep).toEqual([0, 0, 1, 1, 1, 1])
    expect(planPrompt('[a|b|c]', options).readingOfStep).toEqual([0, 1, 2, 0, 1, 2])
    expect(planPrompt('({x|[a|b]}:1.1)', { ...options, seed: 0 }).readingOfStep.length).toBe(6)
    expect([0, 1].map((place) => textOf('[cat:dog:2]', place))).toEqual([['cat'], ['dog']])
  })

  test('weighting none reads literally', () => {
    const { readings } = planPrompt('a (cat:1.2) [b|c] AND \\(', { ...options, weighting: 'none' })
    expect(readings).toEqual([
      { parts: [{ weight: 1, segments: [expect.objectContaining({ text: 'a (cat:1.2) [b|c] AND \\(', weight: 1 })] }] },
    ])
  })

  test('a run of no steps is refused', () => {
    expect(() => planPrompt('a', { ...options, steps: 0 })).toThrow('got 0')
  })
})
