// The schedule that minimises the discretisation's KL divergence for a Gaussian (Sabour et al. 2024, arXiv 2404.14507, theorem
// 3.1): even steps in the angle atan σ. As A1111 has it, the last step ends at the smallest σ, not at 0.

/** `steps` + 1 levels from `high` to `low`, both included. */
export function klOptimalSigmas(steps: number, low: number, high: number): number[] {
  return Array.from({ length: steps + 1 }, (_, i) =>
    Math.tan((i / steps) * Math.atan(low) + (1 - i / steps) * Math.atan(high)),
  )
}
