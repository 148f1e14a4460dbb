// Restart sampling (Xu et al. 2023, arXiv 2306.14878): Heun's method, but near the end the sample is noised back up to a middle
// level and comes down again, which forgets earlier mistakes. The plan (when, how often) is A1111's. Variance exploding.
import { type Level, planCalls } from './calls.ts'
import { recall } from './history.ts'
import { at, type NoiseSchedule } from './noise-schedule.ts'
import { originalFromVe } from './prediction.ts'
import { varianceExploding } from './scaling.ts'
import type { Scheduler, SchedulerHistory } from './scheduler.ts'
import { karrasSigmas } from './schedules/karras.ts'
import type { StepSchedule } from './step-schedule.ts'
import { combine, combine2 } from './vector.ts'

export interface RestartOptions {
  /** Scale of the fresh noise. */
  readonly sNoise: number
}

/** Below this many steps there is no room for a restart. */
const STEPS_FOR_ONE_RESTART = 20
const STEPS_FOR_TWO_RESTARTS = 36
/** A restart goes from about the first σ back up to about the second. */
const RESTART_SIGMA_LOW = 0.1
const RESTART_SIGMA_HIGH = 2

interface Segment {
  readonly from: number
  readonly to: number
}

export function createRestart(levels: StepSchedule, noise: NoiseSchedule, { sNoise }: RestartOptions): Scheduler {
  const { predictionType } = noise.config
  const segments = planSegments(levels)
  const segmentAt = (i: number): Segment => {
    const segment = segments[i]
    if (segment === undefined) throw new RangeError(`Step is 0 to ${segments.length - 1}, got ${i}`)
    return segment
  }
  const levelOf = (sigma: number): Level => ({ sigma, timestep: noise.timestepAt(sigma) })
  const { calls, halfAt } = planCalls(
    segments.length,
    levels.skipped,
    (i) => levelOf(segmentAt(i).from),
    (i) => (segmentAt(i).to === 0 ? null : levelOf(segmentAt(i).to)),
  )

  /** Noises back up where the next segment starts higher than this one ended. */
  const arrive = (sample: Float32Array, i: number, draw: () => Float32Array): Float32Array => {
    const next = segments[i + 1]
    const { to } = segmentAt(i)
    if (next === undefined || next.from <= to) return sample
    return combine2(1, sample, sNoise * Math.sqrt(next.from ** 2 - to ** 2), draw())
  }

  /** Between the two calls of a step: [sample, denoised] at its start. */
  let history: SchedulerHistory = []
  return {
    calls,
    initNoiseSigma: levels.initialSigma,
    ...varianceExploding(calls),
    step({ modelOutput, index, sample, noise: source }) {
      const { step, half } = halfAt(index)
      const { from, to } = segmentAt(step)
      const draw = () => source.next(sample.length)
      if (half === 'first') {
        const denoised = originalFromVe(predictionType, from, sample, modelOutput)
        const ratio = to / from
        const moved = combine2(ratio, sample, 1 - ratio, denoised)
        history = to === 0 ? [] : [sample, denoised]
        // A step to 0 is a step's only call.
        const next = to === 0 ? arrive(moved, step, draw) : moved
        return { sample: next, predictedOriginal: denoised }
      }
      const denoised = originalFromVe(predictionType, to, sample, modelOutput)
      const atStart = (to - from) / (2 * from)
      const atEnd = (to - from) / (2 * to)
      const moved = combine([
        [1 + atStart, recall(history, 0)],
        [-atStart, recall(history, 1)],
        [atEnd, sample],
        [-atEnd, denoised],
      ])
      history = []
      return { sample: arrive(moved, step, draw), predictedOriginal: denoised }
    },
    get history() {
      return history
    },
    restore(saved) {
      history = saved
    },
  }
}

/** The main way down on Karras levels, interrupted by the restarts; as many segments as steps were asked for. */
function planSegments(levels: StepSchedule): Segment[] {
  const { steps } = levels
  if (steps < STEPS_FOR_ONE_RESTART) return between(Array.from(levels.sigmas))
  const restarts = steps >= STEPS_FOR_TWO_RESTARTS ? 2 : 1
  const restartSteps = steps >= STEPS_FOR_TWO_RESTARTS ? Math.floor(steps / 4) : 9
  const low = at(levels.sigmas, steps - 1)
  const main = [...karrasSigmas(steps - restartSteps * restarts, low, at(levels.sigmas, 0)), 0]

  const lowIndex = nearest(main, RESTART_SIGMA_LOW)
  const highIndex = nearest(main, RESTART_SIGMA_HIGH)
  if (highIndex >= lowIndex) return between(main)
  const loop = between(karrasSigmas(restartSteps + 1, at(main, lowIndex), at(main, highIndex)))
  const segments = between(main)
  return [
    ...segments.slice(0, lowIndex),
    ...Array.from({ length: restarts }, () => loop).flat(),
    ...segments.slice(lowIndex),
  ]
}

const between = (sigmas: readonly number[]): Segment[] =>
  sigmas.slice(0, -1).map((from, i) => ({ from, to: at(sigmas, i + 1) }))

function nearest(sigmas: readonly number[], target: number): number {
  return sigmas.reduce(
    (best, sigma, i) => (Math.abs(sigma - target) < Math.abs(at(sigmas, best) - target) ? i : best),
    0,
  )
}
