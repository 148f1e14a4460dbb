// Splits a step down to σ' into a deterministic part and fresh noise, as every ancestral sampler does (after k-diffusion).

export interface AncestralStep {
  /** σ the deterministic part goes down to. */
  readonly down: number
  /** Standard deviation of the noise added after it, so that √(down² + up²) = σ'. */
  readonly up: number
}

/** `eta` 0 adds no noise, 1 as much as the diffusion process itself would. */
export function ancestralStep(sigma: number, sigmaNext: number, eta: number): AncestralStep {
  if (eta === 0) return { down: sigmaNext, up: 0 }
  const variance = (sigmaNext ** 2 * (sigma ** 2 - sigmaNext ** 2)) / sigma ** 2
  const up = Math.min(sigmaNext, eta * Math.sqrt(variance))
  return { down: Math.sqrt(sigmaNext ** 2 - up ** 2), up }
}
