// Even steps in log σ: each level is the same fraction of the one before. After k-diffusion.

/** `steps` levels from `high` down to `low`, both included; one step is `high` alone. */
export function exponentialSigmas(steps: number, low: number, high: number): number[] {
  return Array.from({ length: steps }, (_, i) =>
    steps === 1 ? high : Math.exp(Math.log(high) + (i / (steps - 1)) * (Math.log(low) - Math.log(high))),
  )
}
