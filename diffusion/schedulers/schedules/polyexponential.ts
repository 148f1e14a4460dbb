// A power of even steps in log σ; ρ = 1, everyone's default, is the exponential schedule. After k-diffusion.

/** `steps` levels from `high` down to `low`, both included; ρ above 1 moves steps to low noise. One step is `high` alone. */
export function polyexponentialSigmas(steps: number, low: number, high: number, rho = 1): number[] {
  const reach = Math.log(high) - Math.log(low)
  return Array.from({ length: steps }, (_, i) =>
    steps === 1 ? high : Math.exp(Math.log(low) + (1 - i / (steps - 1)) ** rho * reach),
  )
}
