// The request that makes one failed image again: its own seed, one picture, everything else as it was.
import type { CreateGenerationRequest, GenerationDto, ImageDto } from '#contracts/generation.ts'

export function requestAgain(
  { recipe }: GenerationDto,
  image: ImageDto,
  idempotencyKey: string,
): CreateGenerationRequest {
  return {
    idempotencyKey,
    modelId: recipe.model.id,
    prompt: recipe.prompt,
    negativePrompt: recipe.negativePrompt,
    seed: image.seed,
    count: 1,
    width: recipe.width,
    height: recipe.height,
    steps: recipe.steps,
    sampler: recipe.sampler,
    schedule: recipe.schedule,
    guidanceScale: recipe.guidanceScale,
    weighting: recipe.weighting,
    noise: recipe.noise,
    variation: recipe.variation,
    tiling: recipe.tiling,
    eta: recipe.eta,
    sChurn: recipe.sChurn,
    sNoise: recipe.sNoise,
    sdeNoise: recipe.sdeNoise,
    rho: recipe.rho,
    zeroTerminalSnr: recipe.zeroTerminalSnr,
    guidanceRescale: recipe.guidanceRescale,
  }
}
