// Beta schedule (Lee et al. 2024, arXiv 2407.12173): steps crowd at both ends, as the quantiles of a Beta(0.6, 0.6)
// distribution do. Spread over σ, as A1111 and diffusers have it; ComfyUI spreads the same quantiles over timesteps.
import { betaQuantile } from '../beta-distribution.ts'

/** Both shape parameters; the paper's choice for Stable Diffusion. */
const SHAPE = 0.6

/** `steps` levels from `high` down to `low`, both included; one step is `high` alone. */
export function betaSigmas(steps: number, low: number, high: number): number[] {
  return Array.from({ length: steps }, (_, i) => {
    const probability = steps === 1 ? 1 : 1 - i / (steps - 1)
    return low + betaQuantile(probability, SHAPE, SHAPE) * (high - low)
  })
}
