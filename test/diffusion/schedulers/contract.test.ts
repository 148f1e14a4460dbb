// What every sampler promises the pipeline, checked on all of them.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SAMPLER_IDS, SAMPLERS, type SamplerId, SCHEDULE_IDS } from '#contracts/samplers.ts'
import { createNoise } from '#diffusion/noise/index.ts'
import { createPhiloxNoise } from '#diffusion/noise/philox.ts'
import { createScheduler, type Scheduler, type SchedulerOptions } from '#diffusion/schedulers/index.ts'
import type { NoiseScheduleConfig } from '#diffusion/schedulers/scheduler.ts'
import { effort } from '#test/harness/effort.ts'
import { syntheticOutput } from './synthetic-model.ts'

const CONFIG: NoiseScheduleConfig = {
  numTrainTimesteps: 1000,
  betaStart: 0.00085,
  betaEnd: 0.012,
  betaSchedule: 'scaled_linear',
  predictionType: 'v_prediction',
  timestepSpacing: 'trailing',
  stepsOffset: 0,
  setAlphaToOne: true,
  rescaleBetasZeroSnr: false,
}
const SIZE = 8
/** For tests that make thousands of steps, on machines that do other work too. */
const THOROUGH = { timeout: 60_000 }
const TWO_CALLS: readonly SamplerId[] = ['heun', 'dpm2', 'dpm2-a', 'dpmpp-2s-a', 'dpmpp-sde', 'restart']

const optionsOf = (sampler: SamplerId, more: Partial<SchedulerOptions> = {}): SchedulerOptions => ({
  sampler,
  schedule: 'karras',
  steps: 12,
  config: CONFIG,
  ...more,
})

function startOf(scheduler: Scheduler, strength: number | undefined): Float32Array {
  const fresh = createPhiloxNoise(5).next(SIZE)
  return strength === undefined
    ? fresh.map((value) => value * scheduler.initNoiseSigma)
    : scheduler.addNoise(new Float32Array(SIZE).fill(0.5), fresh, 0)
}

function call(scheduler: Scheduler, type: NoiseScheduleConfig['predictionType'], sample: Float32Array, index: number) {
  const sigma = scheduler.calls[index]?.sigma ?? Number.NaN
  const modelOutput = syntheticOutput(type, scheduler.scaleModelInput(sample, index), sigma)
  return { modelOutput, unconditionalOutput: modelOutput, index, sample }
}

/** The whole run: the sample before each call, then the final one. */
function samplesOf(options: SchedulerOptions, seed = 5): Float32Array[] {
  const scheduler = createScheduler(options)
  const noise = createPhiloxNoise(seed, 1)
  const samples = [startOf(scheduler, options.strength)]
  for (let index = 0; index < scheduler.calls.length; index++) {
    const sample = samples[index] as Float32Array
    samples.push(scheduler.step({ ...call(scheduler, options.config.predictionType, sample, index), noise }).sample)
  }
  return samples
}

describe.each([...SAMPLER_IDS])('%s', (sampler) => {
  test('returns a sample and a prediction of the sample’s size, and leaves its inputs as they were', () => {
    const scheduler = createScheduler(optionsOf(sampler))
    const noise = createPhiloxNoise(5, 1)
    let sample = startOf(scheduler, undefined)
    for (let index = 0; index < scheduler.calls.length; index++) {
      const input = call(scheduler, CONFIG.predictionType, sample, index)
      const before = { sample: sample.slice(), modelOutput: input.modelOutput.slice() }
      const output = scheduler.step({ ...input, noise })
      expect(output.sample.length).toBe(SIZE)
      expect(output.predictedOriginal.length).toBe(SIZE)
      expect(sample).toEqual(before.sample)
      expect(input.modelOutput).toEqual(before.modelOutput)
      sample = output.sample
    }
  })

  test('makes the same picture again from the same seed', () => {
    expect(samplesOf(optionsOf(sampler))).toEqual(samplesOf(optionsOf(sampler)))
  })

  test('goes on bit for bit from any call, in another process', THOROUGH, () => {
    const options = optionsOf(sampler, { steps: 24 })
    const whole = samplesOf(options)
    const first = createScheduler(options)
    const noise = createPhiloxNoise(5, 1)
    let sample = startOf(first, undefined)
    for (let index = 0; index < first.calls.length; index++) {
      // What another process gets: numbers out of JSON, nothing else.
      const saved = JSON.parse(
        JSON.stringify({
          history: first.history.map((array) => [...array]),
          sample: [...sample],
          position: noise.position,
        }),
      ) as { history: number[][]; sample: number[]; position: number }
      const resumed = createScheduler(options)
      resumed.restore(saved.history.map((array) => Float32Array.from(array)))
      const resumedNoise = createPhiloxNoise(5, saved.position)
      const input = call(resumed, CONFIG.predictionType, Float32Array.from(saved.sample), index)
      expect(resumed.step({ ...input, noise: resumedNoise }).sample).toEqual(whole[index + 1])
      sample = first.step({ ...call(first, CONFIG.predictionType, sample, index), noise }).sample
      expect(resumed.history).toEqual(first.history)
      expect(resumedNoise.position).toBe(noise.position)
    }
  })

  test('lists as many calls as it makes: two per step but the last for second-order ones, one extra for PLMS', () => {
    for (const steps of [1, 2, 7, 20, 33, 150]) {
      const { calls } = createScheduler(optionsOf(sampler, { steps }))
      if (TWO_CALLS.includes(sampler)) expect(calls.length).toBe(2 * steps - 1)
      else if (sampler === 'plms') expect(calls.length).toBe(steps === 1 ? 1 : steps + 1)
      else expect(calls.length).toBe(steps)
      expect(calls.map((entry) => entry.step)).toEqual(calls.map((entry) => entry.step).toSorted((a, b) => a - b))
      expect(new Set(calls.map((entry) => entry.step)).size).toBe(steps)
      expect(calls.at(-1)?.step).toBe(steps - 1)
    }
  })

  test('calls the model at falling noise levels inside the trained range', () => {
    const { calls } = createScheduler(optionsOf(sampler, { steps: 50 }))
    for (const [index, { sigma, timestep }] of calls.entries()) {
      expect(sigma).toBeGreaterThan(0)
      expect(timestep).toBeGreaterThanOrEqual(0)
      expect(timestep).toBeLessThanOrEqual(999)
      const before = calls[index - 1]
      // Restart goes back up; that is what it is for.
      if (before === undefined || sampler === 'restart') continue
      // Ancestral midpoints fall on the next level, but for the last bit.
      expect(sigma).toBeLessThanOrEqual(before.sigma * (1 + 1e-12))
      expect(timestep).toBeLessThanOrEqual(before.timestep + 1e-9)
    }
  })

  test('stays finite at every step count from 1 to 150', THOROUGH, () => {
    for (let steps = 1; steps <= 150; steps++) {
      const final = samplesOf(optionsOf(sampler, { steps, schedule: 'automatic' })).at(-1)
      expect(final?.every(Number.isFinite), `${steps} steps`).toBe(true)
    }
  })

  test('draws noise if its group says so, and none otherwise', () => {
    const isStochastic = SAMPLERS[sampler].group !== 'deterministic'
    const once = samplesOf(optionsOf(sampler, { steps: 24 }), 5).at(-1)
    const again = samplesOf(optionsOf(sampler, { steps: 24 }), 6).at(-1)
    if (isStochastic) expect(once).not.toEqual(again)
    else expect(once).toEqual(again)
  })

  test('starts part way down at a strength, as many steps from the end as diffusers counts', () => {
    const all = createScheduler(optionsOf(sampler, { steps: 10 }))
    const { calls } = createScheduler(optionsOf(sampler, { steps: 10, strength: 0.35 }))
    expect(calls[0]).toMatchObject({ step: 7, sigma: all.calls.find((entry) => entry.step === 7)?.sigma })
    expect(new Set(calls.map((entry) => entry.step)).size).toBe(3)
  })

  test('refuses a call past its last, and latents of two sizes', () => {
    const scheduler = createScheduler(optionsOf(sampler, { steps: 3 }))
    const sample = new Float32Array(SIZE)
    const output = { modelOutput: sample, unconditionalOutput: sample, sample, noise: createPhiloxNoise(1) }
    expect(() => scheduler.step({ ...output, index: scheduler.calls.length })).toThrow(RangeError)
    const short = new Float32Array(SIZE - 1)
    expect(() => scheduler.step({ ...output, modelOutput: short, unconditionalOutput: short, index: 0 })).toThrow(
      /one size/,
    )
  })
})

test.each(SAMPLER_IDS.filter((id) => SAMPLERS[id].group === 'sde'))(
  '%s goes on bit for bit on torchsde’s path, which uses up no draws',
  (sampler) => {
    const options = optionsOf(sampler, { steps: 5 })
    const whole = createScheduler(options)
    const path = createNoise('philox', 5, 1, 'torchsde-cpu')
    let sample = startOf(whole, undefined)
    for (let index = 0; index < whole.calls.length; index++) {
      const resumed = createScheduler(options)
      resumed.restore(whole.history)
      const input = call(whole, CONFIG.predictionType, sample, index)
      const again = resumed.step({ ...input, noise: createNoise('philox', 5, 1, 'torchsde-cpu') })
      const { sample: next } = whole.step({ ...input, noise: path })
      expect(again.sample).toEqual(next)
      sample = next
    }
    expect(path.position).toBe(1)
    expect(sample).not.toEqual(samplesOf(options).at(-1))
  },
)

test(
  'any sampler, schedule, step count, strength, prediction type and beta schedule gives finite latents',
  THOROUGH,
  () => {
    const anyRun = fc.record({
      sampler: fc.constantFrom(...SAMPLER_IDS),
      schedule: fc.constantFrom(...SCHEDULE_IDS),
      steps: fc.integer({ min: 1, max: 150 }),
      strength: fc.option(fc.double({ min: 0.01, max: 1, noNaN: true }), { nil: undefined }),
      predictionType: fc.constantFrom(...(['epsilon', 'v_prediction', 'sample'] as const)),
      betaSchedule: fc.constantFrom(...(['linear', 'scaled_linear', 'squaredcos_cap_v2'] as const)),
      eta: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
      sChurn: fc.double({ min: 0, max: 100, noNaN: true }),
      zeroTerminalSnr: fc.boolean(),
      setAlphaToOne: fc.boolean(),
    })
    fc.assert(
      fc.property(anyRun, ({ predictionType, betaSchedule, setAlphaToOne, ...rest }) => {
        const { steps, strength } = rest
        fc.pre(strength === undefined || Math.floor(steps * strength) >= 1)
        const config = { ...CONFIG, predictionType, betaSchedule, setAlphaToOne }
        const final = samplesOf({ ...rest, config }).at(-1)
        return final?.every(Number.isFinite) === true
      }),
      { numRuns: effort(400) },
    )
  },
)

describe('createScheduler refuses', () => {
  test.each([
    [{ steps: 0 }, /Steps are a whole number from 1 to the model's 1000 training timesteps, got 0/],
    [{ steps: 2.5 }, /got 2.5/],
    [{ steps: 1001 }, /got 1001/],
    [{ strength: 0 }, /Strength is above 0 and at most 1, got 0/],
    [{ strength: 1.5 }, /got 1.5/],
    [{ steps: 4, strength: 0.1 }, /Steps times strength is at least 1, got 4 × 0.1/],
    [{ eta: -1 }, /eta is a number from 0 up, got -1/],
    [{ sampler: 'nope' as SamplerId }, /Unknown sampler "nope"; known: ddim, /],
    [{ schedule: 'nope' as 'karras' }, /Unknown schedule "nope"/],
  ] as [Partial<SchedulerOptions>, RegExp][])('%o', (more, message) => {
    expect(() => createScheduler(optionsOf('ddim', more))).toThrow(message)
  })

  test('a history that is another sampler’s', () => {
    const ddim = createScheduler(optionsOf('ddim'))
    expect(() => ddim.restore([new Float32Array(SIZE)])).toThrow(/keeps no history, got 1/)
    const multistep = createScheduler(optionsOf('dpmpp-2m'))
    const sample = new Float32Array(SIZE)
    const noise = createPhiloxNoise(1)
    expect(() => multistep.step({ modelOutput: sample, sample, noise, index: 3 })).toThrow(/needs 1 history arrays/)
  })

  test('CFG++ without the unconditional output', () => {
    const scheduler = createScheduler(optionsOf('ddim-cfg-pp'))
    const sample = new Float32Array(SIZE)
    const input = { modelOutput: sample, sample, noise: createPhiloxNoise(1), index: 0 }
    expect(() => scheduler.step(input)).toThrow(/needs the unconditional model output/)
  })
})
