// The request that makes one failed image again: its own seed, one picture, everything else as it was.
import type { CreateGenerationRequest, GenerationDto, ImageDto } from '#contracts/generation.ts'

export function requestAgain(
  { recipe }: GenerationDto,
  image: ImageDto,
  idempotencyKey: string,
): CreateGenerationRequest {
  const { version: _version, model, networks: _named, input: _input, mask: _mask, hires: _hires, ...settings } = recipe
  return { ...settings, idempotencyKey, modelId: model.id, seed: image.seed, count: 1 }
}
