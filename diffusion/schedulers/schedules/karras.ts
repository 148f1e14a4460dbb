// Karras et al. 2022 (arXiv 2206.00364, equation 5): even steps in σ^(1/ρ), which spends most of them at low noise.

/** ρ = 7 is the paper's choice for images. */
const RHO = 7

/** `steps` levels from `high` down to `low`, both included; one step is `high` alone. */
export function karrasSigmas(steps: number, low: number, high: number, rho: number = RHO): number[] {
  const from = high ** (1 / rho)
  const to = low ** (1 / rho)
  return Array.from({ length: steps }, (_, i) => (steps === 1 ? high : (from + (i / (steps - 1)) * (to - from)) ** rho))
}
