// The noise of an SDE sampler's step: an increment of the source's Brownian path where it holds one, fresh noise otherwise.
import { at } from './noise-schedule.ts'
import type { NoiseSource } from './scheduler.ts'
import type { StepSchedule } from './step-schedule.ts'

/** Unit-variance noise between two noise levels of a run. float32 [size]. */
export function stepNoise(
  source: NoiseSource,
  levels: StepSchedule,
  from: number,
  to: number,
  size: number,
): Float32Array {
  if (source.between === undefined) return source.next(size)
  const last = at(levels.sigmas, levels.steps)
  const low = last > 0 ? last : at(levels.sigmas, levels.steps - 1)
  return source.between({ from, to, low, high: at(levels.sigmas, 0), size })
}
