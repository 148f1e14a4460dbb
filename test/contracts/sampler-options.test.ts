// The table of what each sampler takes, held to what the samplers really do with it.
import { describe, expect, test } from 'vitest'
import { defaultEta, defaultRho, type SamplerOption, takesOption } from '#contracts/sampler-options.ts'
import { SAMPLER_IDS, type SamplerId, SCHEDULE_IDS, type ScheduleId } from '#contracts/samplers.ts'
import { createNoise } from '#diffusion/noise/index.ts'
import { createScheduler, type SchedulerOptions } from '#diffusion/schedulers/index.ts'
import { syntheticOutput } from '#test/diffusion/schedulers/synthetic-model.ts'

const SIZE = 3
const BASE = {
  schedule: 'uniform',
  // Restart goes back up from 20 steps on.
  steps: 24,
  config: {
    numTrainTimesteps: 1000,
    betaStart: 0.00085,
    betaEnd: 0.012,
    betaSchedule: 'scaled_linear',
    predictionType: 'epsilon',
    timestepSpacing: 'leading',
    stepsOffset: 1,
    setAlphaToOne: false,
    rescaleBetasZeroSnr: false,
  },
} as const

/** The final sample of a short run on a synthetic model. */
function result(
  sampler: SamplerId,
  change: Partial<SchedulerOptions>,
  sdeNoise?: 'torchsde-cpu' | 'torchsde-cuda',
): number[] {
  const scheduler = createScheduler({ ...BASE, sampler, ...change })
  const noise = createNoise('philox', 5, 0, sdeNoise)
  let sample: Float32Array = noise.next(SIZE).map((value) => value * scheduler.initNoiseSigma)
  scheduler.calls.forEach(({ sigma }, index) => {
    const modelOutput = syntheticOutput('epsilon', scheduler.scaleModelInput(sample, index), sigma)
    sample = scheduler.step({ modelOutput, unconditionalOutput: modelOutput, index, sample, noise }).sample
  })
  return [...sample]
}

const isSame = (a: readonly number[], b: readonly number[]) => a.every((value, at) => value === b[at])

describe.each([...SAMPLER_IDS])('%s', (sampler) => {
  const plain = result(sampler, {})

  test.each<[SamplerOption, () => number[], () => number[]]>([
    ['eta', () => result(sampler, { eta: 0.1 }), () => result(sampler, { eta: 0.9 })],
    ['sChurn', () => plain, () => result(sampler, { sChurn: 4 })],
    // Churn is what Euler and its kin scale, so it has to be on to be seen.
    ['sNoise', () => result(sampler, { sChurn: 4, sNoise: 0.9 }), () => result(sampler, { sChurn: 4, sNoise: 1.1 })],
    ['sdeNoise', () => plain, () => result(sampler, {}, 'torchsde-cpu')],
  ])('%s changes the result exactly where the table says it is taken', (option, one, other) => {
    expect(!isSame(one(), other())).toBe(takesOption(sampler, option))
  })

  test('an absent eta is the default the table names', () => {
    const eta = defaultEta(sampler)
    if (eta !== undefined) expect(result(sampler, { eta })).toEqual(plain)
  })
})

test.each([...SCHEDULE_IDS])('%s bends exactly where the table says so', (schedule: ScheduleId) => {
  const plain = result('dpmpp-2m', { schedule })
  const rho = defaultRho(schedule)
  expect(!isSame(result('dpmpp-2m', { schedule, rho: 4 }), plain)).toBe(rho !== undefined)
  if (rho !== undefined) expect(result('dpmpp-2m', { schedule, rho })).toEqual(plain)
})
