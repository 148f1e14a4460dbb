// The core samples a distilled model exactly as training did (training/dewpoint_training/few_step.py): the levels the student was
// trained at, and the same numbers after four steps. training/tests/test_few_step.py holds Python to these very values.
import { describe, expect, it } from 'vitest'
import { createScheduler } from '#diffusion/schedulers/index.ts'

/** models/dewpoint-fast/scheduler/scheduler_config.json. */
const config = {
  numTrainTimesteps: 1000,
  betaStart: 0.000_85,
  betaEnd: 0.012,
  betaSchedule: 'scaled_linear',
  predictionType: 'v_prediction',
  timestepSpacing: 'leading',
  stepsOffset: 0,
  setAlphaToOne: true,
  rescaleBetasZeroSnr: false,
} as const

const SAMPLE = [0.5, -1, 2]
const AFTER_FOUR_STEPS = [0.0926738, -0.3125651, 0.3629574]

describe('LCM on the embedded few-step model', () => {
  it.each([
    [1, [999]],
    [2, [999, 499]],
    [4, [999, 759, 499, 259]],
    [8, [999, 879, 759, 639, 499, 379, 259, 139]],
  ])('asks a run of %i steps at the levels the student was trained at', (steps, timesteps) => {
    const scheduler = createScheduler({ sampler: 'lcm', schedule: 'automatic', steps, config })
    expect(scheduler.calls.map((call) => call.timestep)).toEqual(timesteps)
  })

  it('comes to the numbers training came to', () => {
    const scheduler = createScheduler({ sampler: 'lcm', schedule: 'automatic', steps: 4, config })
    let drawn = 0
    const noise = {
      position: 0,
      next: () => {
        drawn += 1
        return Float32Array.of(0.1 * drawn, -0.2 * drawn, 0.3 * drawn)
      },
    }
    let sample: Float32Array = Float32Array.from(SAMPLE)
    scheduler.calls.forEach(({ timestep }, index) => {
      const modelOutput = sample.map((value) => 0.3 * value + 0.0001 * timestep)
      sample = scheduler.step({ modelOutput, index, sample, noise }).sample
    })
    // Float32 on both sides.
    for (const [i, value] of AFTER_FOUR_STEPS.entries()) expect(sample[i]).toBeCloseTo(value, 5)
  })
})
