// Time left from the steps seen so far, not from a promise: null until two different steps have been seen.

export interface StepSample {
  readonly step: number
  readonly atMs: number
}

/** Steps remembered: enough to smooth a busy machine, few enough to follow a change of pace. */
export const STEP_SAMPLES_MAX = 8

export function addSample(samples: readonly StepSample[], sample: StepSample): readonly StepSample[] {
  const last = samples.at(-1)
  if (last !== undefined && sample.step === last.step) return samples
  // A step that goes back is a new attempt on another worker: its pace is its own.
  if (last !== undefined && sample.step < last.step) return [sample]
  return [...samples, sample].slice(-STEP_SAMPLES_MAX)
}

/** Milliseconds until the last step at the pace of the samples, or null when there is no pace yet. */
export function estimateTimeLeftMs(samples: readonly StepSample[], steps: number): number | null {
  const first = samples[0]
  const last = samples.at(-1)
  if (first === undefined || last === undefined || last.step <= first.step) return null
  const perStepMs = (last.atMs - first.atMs) / (last.step - first.step)
  return Math.max(0, (steps - last.step) * perStepMs)
}
