// Align Your Steps (Sabour et al. 2024, arXiv 2404.14507): ten-step schedules optimised for Stable Diffusion, published as
// numbers; other step counts interpolate them in log σ.
import { at, interpolate } from '../noise-schedule.ts'

/** The authors' published levels for ten steps. */
const PUBLISHED = {
  sd: [14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.029],
  sdxl: [14.615, 6.315, 3.771, 2.181, 1.342, 0.862, 0.555, 0.38, 0.234, 0.113, 0.029],
} as const

/** Whose optimised levels: Stable Diffusion 1.x (also the nearest for any other model) or SDXL. */
export type AlignYourStepsTable = keyof typeof PUBLISHED

/** `steps` levels, falling; one step is the noisiest alone. */
export function alignYourStepsSigmas(steps: number, table: AlignYourStepsTable): number[] {
  const published = PUBLISHED[table]
  if (steps === published.length) return [...published]
  const logs = Float64Array.from(published, Math.log)
  return Array.from({ length: steps }, (_, i) =>
    steps === 1 ? at(published, 0) : Math.exp(interpolate(logs, (i * (published.length - 1)) / (steps - 1))),
  )
}
