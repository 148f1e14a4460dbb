// A run for people to look at: what each call did to the latents. Read-only; a traced run makes the same picture.

import type { RgbImage } from '../images/rgb-image.ts'
import type { CrossAttentionMaps } from './cross-attention.ts'
import type { Run, StepReport } from './run.ts'

export interface LatentsStatistics {
  readonly mean: number
  readonly standardDeviation: number
  readonly min: number
  readonly max: number
}

export interface TraceEntry extends StepReport {
  /** Of the sample after the call. */
  readonly latents: LatentsStatistics
  /** Of what the model then took the clean latents to be. */
  readonly predictedOriginal: LatentsStatistics
  /** The predicted clean picture, one pixel per latent pixel. */
  readonly preview: RgbImage
  /** Where the call looked for each token; undefined where the U-Net does not say. */
  readonly crossAttention: CrossAttentionMaps | undefined
}

/** Advances the run by one call and says what it did. */
export async function traceCall(run: Run): Promise<TraceEntry> {
  const report = await run.advance()
  return {
    ...report,
    latents: statistics(run.latents),
    predictedOriginal: statistics(run.predictedOriginal),
    preview: run.preview(),
    crossAttention: run.crossAttention(),
  }
}

export function statistics(values: Float32Array): LatentsStatistics {
  let sum = 0
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  for (const value of values) {
    sum += value
    min = Math.min(min, value)
    max = Math.max(max, value)
  }
  const mean = sum / values.length
  let squares = 0
  for (const value of values) squares += (value - mean) ** 2
  return { mean, standardDeviation: Math.sqrt(squares / values.length), min, max }
}
