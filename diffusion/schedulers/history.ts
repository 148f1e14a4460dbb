// What a sampler remembers between calls: a few arrays, put back as they were to resume a run.
import type { SchedulerHistory } from './scheduler.ts'

/** `restore` of a sampler without memory. */
export function restoreNothing(history: SchedulerHistory): void {
  if (history.length > 0) throw new RangeError(`This sampler keeps no history, got ${history.length} arrays`)
}

/** The array a sampler put at this place of its history; missing means `restore` was given another sampler's. */
export function recall(history: SchedulerHistory, place: number): Float32Array {
  const array = history[place]
  if (array === undefined) {
    throw new RangeError(`This call needs ${place + 1} history arrays, got ${history.length}; restore the run's own`)
  }
  return array
}
