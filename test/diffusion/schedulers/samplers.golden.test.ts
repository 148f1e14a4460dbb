// Every sampler against its reference, run in float64 by training/golden/make_golden.py on k-diffusion's and
// diffusers' own code.
import { describe, expect, test } from 'vitest'
import { SAMPLER_IDS, type SamplerId, SCHEDULE_IDS, type ScheduleId } from '#contracts/samplers.ts'
import { createNoise } from '#diffusion/noise/index.ts'
import {
  createScheduler,
  type NoiseScheduleConfig,
  parseSchedulerConfig,
  type SchedulerOptions,
} from '#diffusion/schedulers/index.ts'
import { readGolden, relativeError, unpack } from '#test/golden/read-golden.ts'
import { SIZE, syntheticOutput, UNCONDITIONAL_MEAN } from './synthetic-model.ts'

type Prediction = NoiseScheduleConfig['predictionType']

interface OptionCase {
  sampler: SamplerId
  schedule: ScheduleId
  steps: number
  eta: number | null
  sChurn: number
  sNoise: number
  strength: number | null
  sdeNoise: 'torchsde-cpu' | null
  calls: number
  values: string
}

const golden = readGolden<{
  noise: { seed: number }
  config: object
  zeroSnrConfig: object
  order: { schedules: ScheduleId[]; predictions: Prediction[]; steps: number[] }
  samplers: Record<SamplerId, { values: string; calls: number[][]; zeroSnr: string }>
  options: OptionCase[]
}>('samplers.json')

const ORIGINAL = Float32Array.from([0.4, -0.9, 0.2])

/** The project's bound for float32 against float64 references. */
const TOLERANCE = 1e-5
/** From σ = 4096, 12 of float32's 24 bits are noise the first steps subtract again; 1.2e-5 was the worst measured. */
const ZERO_SNR_TOLERANCE = 3e-5

function run(options: SchedulerOptions, sdeNoise?: 'torchsde-cpu') {
  const scheduler = createScheduler(options)
  const noise = createNoise('philox', golden.noise.seed, 0, sdeNoise)
  const fresh = noise.next(SIZE)
  let sample =
    options.strength === undefined
      ? fresh.map((value) => value * scheduler.initNoiseSigma)
      : scheduler.addNoise(ORIGINAL, fresh, 0)
  let middle = sample
  for (const [index, { sigma }] of scheduler.calls.entries()) {
    const input = scheduler.scaleModelInput(sample, index)
    if (index === Math.floor(scheduler.calls.length / 2)) middle = input
    const modelOutput = syntheticOutput(options.config.predictionType, input, sigma)
    const unconditionalOutput = syntheticOutput(options.config.predictionType, input, sigma, UNCONDITIONAL_MEAN)
    sample = scheduler.step({ modelOutput, unconditionalOutput, index, sample, noise }).sample
  }
  return { calls: scheduler.calls.length, middle, final: sample }
}

const configOf = (config: object, prediction: Prediction) =>
  parseSchedulerConfig({ ...config, prediction_type: prediction })

test('the goldens cover every sampler and schedule there is', () => {
  expect(Object.keys(golden.samplers).toSorted()).toEqual([...SAMPLER_IDS].toSorted())
  // automatic is whichever the model's config names.
  expect([...golden.order.schedules, 'automatic'].toSorted()).toEqual([...SCHEDULE_IDS].toSorted())
})

describe.each([...SAMPLER_IDS])('%s gives the reference’s latents', (sampler) => {
  const { values, calls, zeroSnr } = golden.samplers[sampler]
  const expected = unpack(values)
  const { schedules, predictions, steps } = golden.order

  test.each(schedules.map((schedule, s) => ({ schedule, s })))('on $schedule', ({ schedule, s }) => {
    for (const [p, prediction] of predictions.entries()) {
      for (const [n, count] of steps.entries()) {
        const place = ((s * predictions.length + p) * steps.length + n) * 2 * SIZE
        const label = `${prediction}, ${count} steps`
        const result = run({ sampler, schedule, steps: count, config: configOf(golden.config, prediction) })
        expect(result.calls, `calls, ${label}`).toBe(calls[s]?.[n])
        const middle = expected.subarray(place, place + SIZE)
        const final = expected.subarray(place + SIZE, place + 2 * SIZE)
        expect(relativeError(result.middle, middle), `middle, ${label}`).toBeLessThan(TOLERANCE)
        expect(relativeError(result.final, final), `final, ${label}`).toBeLessThan(TOLERANCE)
      }
    }
  })

  test('from pure noise under zero terminal SNR', () => {
    const reference = unpack(zeroSnr)
    let place = 0
    for (const prediction of ['v_prediction', 'sample'] as const) {
      for (const count of steps) {
        const config = configOf(golden.zeroSnrConfig, prediction)
        const result = run({ sampler, schedule: 'trailing', steps: count, config })
        const label = `${prediction}, ${count} steps`
        expect(relativeError(result.middle, reference.subarray(place, place + SIZE)), label).toBeLessThan(
          ZERO_SNR_TOLERANCE,
        )
        place += SIZE
        expect(relativeError(result.final, reference.subarray(place, place + SIZE)), label).toBeLessThan(
          ZERO_SNR_TOLERANCE,
        )
        place += SIZE
      }
    }
  })
})

describe('options, strength and odd step counts', () => {
  test.each(golden.options)(
    '$sampler on $schedule, $steps steps, eta $eta, sChurn $sChurn, sNoise $sNoise, strength $strength, noise of $sdeNoise',
    ({ sampler, schedule, steps, eta, sChurn, sNoise, strength, sdeNoise, calls, values }) => {
      const options = {
        sampler,
        schedule,
        steps,
        config: configOf(golden.config, 'epsilon'),
        eta: eta ?? undefined,
        sChurn,
        sNoise,
        strength: strength ?? undefined,
      }
      const result = run(options, sdeNoise ?? undefined)
      const expected = unpack(values)
      expect(result.calls).toBe(calls)
      expect(relativeError(result.middle, expected.subarray(0, SIZE))).toBeLessThan(TOLERANCE)
      expect(relativeError(result.final, expected.subarray(SIZE))).toBeLessThan(TOLERANCE)
    },
  )
})
