// The list of U-Net calls of samplers that make up to two per step, and which half of which step each one is.
import type { ModelCall } from './scheduler.ts'

export interface Half {
  /** Step of this run, 0-based. */
  readonly step: number
  readonly half: 'first' | 'second'
}

export interface CallPlan {
  readonly calls: readonly ModelCall[]
  /** What call `index` is for. */
  halfAt(index: number): Half
}

/** Level of one call. */
export interface Level {
  readonly sigma: number
  readonly timestep: number
}

/** One or two calls per step; `second` is null where a step makes only one. */
export function planCalls(
  steps: number,
  skipped: number,
  first: (step: number) => Level,
  second: (step: number) => Level | null,
): CallPlan {
  const calls: ModelCall[] = []
  const halves: Half[] = []
  for (let step = 0; step < steps; step++) {
    calls.push({ ...first(step), step: skipped + step })
    halves.push({ step, half: 'first' })
    const more = second(step)
    if (more === null) continue
    calls.push({ ...more, step: skipped + step })
    halves.push({ step, half: 'second' })
  }
  return {
    calls,
    halfAt(index) {
      const half = halves[index]
      if (half === undefined) throw new RangeError(`Call index is 0 to ${calls.length - 1}, got ${index}`)
      return half
    },
  }
}
