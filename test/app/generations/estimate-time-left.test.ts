import { describe, expect, it } from 'vitest'
import {
  addSample,
  estimateTimeLeftMs,
  STEP_SAMPLES_MAX,
  type StepSample,
} from '#app/generations/estimate-time-left.ts'

const samplesOf = (...samples: StepSample[]): readonly StepSample[] =>
  samples.reduce<readonly StepSample[]>((all, sample) => addSample(all, sample), [])

describe('time left', () => {
  it('is unknown until two steps were seen', () => {
    expect(estimateTimeLeftMs([], 20)).toBeNull()
    expect(estimateTimeLeftMs(samplesOf({ step: 1, atMs: 0 }), 20)).toBeNull()
  })

  it('is the steps to go at the pace seen', () => {
    expect(estimateTimeLeftMs(samplesOf({ step: 2, atMs: 100 }, { step: 6, atMs: 500 }), 20)).toBe(1_400)
  })

  it('is nothing at the last step', () => {
    expect(estimateTimeLeftMs(samplesOf({ step: 1, atMs: 0 }, { step: 20, atMs: 900 }), 20)).toBe(0)
  })

  it('follows the recent pace only', () => {
    const slowThenFast = Array.from({ length: 20 }, (_, step) => ({
      step,
      atMs: step < 10 ? step * 1_000 : 9_000 + (step - 9) * 100,
    }))
    const samples = samplesOf(...slowThenFast)
    expect(samples).toHaveLength(STEP_SAMPLES_MAX)
    expect(estimateTimeLeftMs(samples, 29)).toBeCloseTo(1_000)
  })

  it('starts over when another worker takes the job over', () => {
    const samples = samplesOf({ step: 9, atMs: 900 }, { step: 10, atMs: 1_000 }, { step: 1, atMs: 9_000 })
    expect(estimateTimeLeftMs(samples, 20)).toBeNull()
  })
})
