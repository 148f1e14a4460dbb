// Schedules that pick training timesteps at even distances. After diffusers' `timestep_spacing` (Lin et al. 2023, table 2).

/** T-1 ... 0 inclusive at both ends, rounded to whole timesteps. One step starts from the noisiest. */
export function linspaceTimesteps(steps: number, trainTimesteps: number): number[] {
  const last = trainTimesteps - 1
  return Array.from({ length: steps }, (_, i) => (steps === 1 ? last : roundHalfEven(last - (last * i) / (steps - 1))))
}

/** Multiples of floor(T / steps), shifted up by `offset`; never visits the noisiest timestep. */
export function leadingTimesteps(steps: number, trainTimesteps: number, offset: number): number[] {
  const stride = Math.floor(trainTimesteps / steps)
  return Array.from({ length: steps }, (_, i) => Math.min((steps - 1 - i) * stride + offset, trainTimesteps - 1))
}

/** T-1 down in strides of T / steps, rounded: visits the noisiest timestep, and the clean end only as the last step's target. */
export function trailingTimesteps(steps: number, trainTimesteps: number): number[] {
  return Array.from({ length: steps }, (_, i) => roundHalfEven(trainTimesteps - (trainTimesteps * i) / steps) - 1)
}

/** Rounds halves to the even neighbour, as numpy does; the references' timesteps depend on it. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  if (rest !== 0.5) return Math.round(value)
  return floor % 2 === 0 ? floor : floor + 1
}
