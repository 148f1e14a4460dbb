// What each sampler costs without its model: milliseconds per U-Net call on 512-pixel latents, beside a call that takes hundreds;
// and what drawing noise and setting up a run cost.
import { SAMPLER_IDS, SAMPLERS, type SamplerId } from '#contracts/samplers.ts'
import { createNoise } from '#diffusion/noise/index.ts'
import { createMt19937Noise } from '#diffusion/noise/mt19937.ts'
import { createPhiloxNoise } from '#diffusion/noise/philox.ts'
import { createScheduler, type SchedulerOptions } from '#diffusion/schedulers/index.ts'
import type { NoiseScheduleConfig } from '#diffusion/schedulers/scheduler.ts'
import { type Row, row } from './measure.ts'

/** 4 channels of 64 by 64: a 512-pixel picture of Stable Diffusion. */
const SIZE = 4 * 64 * 64
const STEPS = 20
const RUNS = 15
const WARM_UP = 5
/** 10 % of a 50 ms call, the fastest a GPU makes at this size; on a CPU, where calls take a second, nothing. */
const CALL_AT_MOST_MS = 5

const CONFIG: NoiseScheduleConfig = {
  numTrainTimesteps: 1000,
  betaStart: 0.00085,
  betaEnd: 0.012,
  betaSchedule: 'scaled_linear',
  predictionType: 'epsilon',
  timestepSpacing: 'trailing',
  stepsOffset: 0,
  setAlphaToOne: true,
  rescaleBetasZeroSnr: false,
}

export default async function benchSamplers(): Promise<Row[]> {
  const noiseOf = (values: () => unknown, what: string) => row({ what, values: repeat(values), unit: 'ms' })
  return [
    ...SAMPLER_IDS.map((sampler) =>
      row({
        what: `${SAMPLERS[sampler].label}, per call`,
        values: callTimes(sampler),
        unit: 'ms',
        atMost: CALL_AT_MOST_MS,
      }),
    ),
    row({
      what: 'DPM++ 2M SDE on torchsde’s path, per call',
      values: callTimes('dpmpp-2m-sde', 'torchsde-cpu'),
      unit: 'ms',
    }),
    noiseOf(() => createPhiloxNoise(1).next(SIZE), `Philox noise, ${SIZE} values`),
    noiseOf(() => createMt19937Noise(1).next(SIZE), `mt19937 noise, ${SIZE} values`),
    noiseOf(() => createScheduler(optionsOf('dpmpp-2m')), `Setting up a ${STEPS}-step run`),
  ]
}

const optionsOf = (sampler: SamplerId): SchedulerOptions => ({
  sampler,
  schedule: 'karras',
  steps: STEPS,
  config: CONFIG,
})

/** Time of a run's `scaleModelInput` and `step` over its calls, per call; the model's output is made beforehand. */
function callTimes(sampler: SamplerId, sdeNoise?: 'torchsde-cpu'): number[] {
  const modelOutput = createPhiloxNoise(2).next(SIZE)
  const start = createPhiloxNoise(1).next(SIZE)
  return repeat(() => {
    const scheduler = createScheduler(optionsOf(sampler))
    const noise = createNoise('philox', 3, 0, sdeNoise)
    let sample: Float32Array = start.map((value) => value * scheduler.initNoiseSigma)
    const from = performance.now()
    for (let index = 0; index < scheduler.calls.length; index++) {
      scheduler.scaleModelInput(sample, index)
      sample = scheduler.step({ modelOutput, unconditionalOutput: modelOutput, index, sample, noise }).sample
    }
    return (performance.now() - from) / scheduler.calls.length
  })
}

/** Milliseconds each run took, or what the run says it took. */
function repeat(run: () => unknown): number[] {
  const times: number[] = []
  for (let i = 0; i < WARM_UP + RUNS; i++) {
    const from = performance.now()
    const own = run()
    const took = typeof own === 'number' ? own : performance.now() - from
    if (i >= WARM_UP) times.push(took)
  }
  return times
}
