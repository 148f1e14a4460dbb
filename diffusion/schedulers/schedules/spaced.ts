// Schedules that pick training timesteps at even distances. Linspace, leading and trailing after diffusers' `timestep_spacing`
// (Lin et al. 2023, table 2), whose first two its DPM-Solver family reads its own way; the others after A1111 and ComfyUI.

/** T-1 ... 0, both ends included, rounded to whole timesteps. One step is the noisiest alone. */
export function linspaceTimesteps(steps: number, trainTimesteps: number): number[] {
  return uniformTimesteps(steps, trainTimesteps).map(roundHalfEven)
}

/** As linspace with one step more, without the last: T-1 ... and no call at the clean end. DPM-Solver, UniPC and DEIS. */
export function solverLinspaceTimesteps(steps: number, trainTimesteps: number): number[] {
  return linspaceTimesteps(steps + 1, trainTimesteps).slice(0, -1)
}

/** As leading with one step more, without the last: the clean end is left to the last step's target. */
export function solverLeadingTimesteps(steps: number, trainTimesteps: number, offset: number): number[] {
  return leadingTimesteps(steps + 1, trainTimesteps, offset).slice(0, -1)
}

/** Multiples of floor(T / steps), shifted up by `offset`; never visits the noisiest timestep. */
export function leadingTimesteps(steps: number, trainTimesteps: number, offset: number): number[] {
  const stride = Math.floor(trainTimesteps / steps)
  return Array.from({ length: steps }, (_, i) => Math.min((steps - 1 - i) * stride + offset, trainTimesteps - 1))
}

/** T-1 down in strides of T / steps, rounded: visits the noisiest timestep, and the clean end only as the last target. */
export function trailingTimesteps(steps: number, trainTimesteps: number): number[] {
  return Array.from({ length: steps }, (_, i) => roundHalfEven(trainTimesteps - (trainTimesteps * i) / steps) - 1)
}

/** T-1 ... 0, both ends included, not rounded: k-diffusion's own spacing. One step is the noisiest alone. */
export function uniformTimesteps(steps: number, trainTimesteps: number): number[] {
  const last = trainTimesteps - 1
  return Array.from({ length: steps }, (_, i) => (steps === 1 ? last : last - (last * i) / (steps - 1)))
}

/** T-1 down in strides of (T-1) / steps, not rounded: as uniform, but without a call at the clean end. */
export function sgmUniformTimesteps(steps: number, trainTimesteps: number): number[] {
  const last = trainTimesteps - 1
  return Array.from({ length: steps }, (_, i) => last - (last * i) / steps)
}

/** T-1 down in strides of T / steps, rounded towards noise. */
export function simpleTimesteps(steps: number, trainTimesteps: number): number[] {
  return Array.from({ length: steps }, (_, i) => trainTimesteps - 1 - Math.floor((i * trainTimesteps) / steps))
}

/**
 * Evenly chosen from the timesteps a consistency model was distilled on: multiples of T / 50, less one. Past 50 steps the
 * grid is as fine as the steps. What `automatic` means for LCM and TCD.
 */
export function distilledTimesteps(steps: number, trainTimesteps: number): number[] {
  const origin = Math.min(Math.max(DISTILLED_STEPS, steps), trainTimesteps)
  const stride = Math.floor(trainTimesteps / origin)
  return Array.from({ length: steps }, (_, i) => (origin - Math.floor((i * origin) / steps)) * stride - 1)
}

/** Steps of the solver LCM and TCD models were distilled from. */
const DISTILLED_STEPS = 50

/** Rounds halves to the even neighbour, as numpy does; the references' timesteps depend on it. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value)
  if (value - floor !== 0.5) return Math.round(value)
  return floor % 2 === 0 ? floor : floor + 1
}
