// A generation as the server sends it, for tests of pure functions in app/.
import type { GenerationDto, ImageDto } from '#contracts/generation.ts'
import { RECIPE } from '#test/recipes/recipe-fixture.ts'

export const GENERATION_ID = '11111111-1111-4111-8111-111111111111'
export const imageId = (index: number): string => `22222222-2222-4222-8222-22222222222${index}`

export function image(index: number, change: Partial<ImageDto> = {}): ImageDto {
  return {
    id: imageId(index),
    index,
    seed: 7 + index,
    status: 'queued',
    step: 0,
    steps: 25,
    queuePosition: index,
    preview: null,
    url: null,
    thumbhash: null,
    sizeBytes: null,
    share: null,
    error: null,
    durationMs: null,
    madeOn: 'server',
    ...change,
  }
}

export function generation(...images: ImageDto[]): GenerationDto {
  return {
    id: GENERATION_ID,
    createdAt: '2026-11-23T18:00:00.000Z',
    recipe: {
      ...RECIPE,
      model: { id: 'dewpoint', hash: 'a'.repeat(64) },
      negativePrompt: 'text',
      count: images.length,
    },
    recipeHash: 'b'.repeat(64),
    images,
  }
}
