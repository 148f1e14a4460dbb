// Pictures made on the visitor's own device, on their way into the history: what the browser declares, and the tickets it gets
// to PUT them with. One click on Generate is saved as a whole, under one key, once.
import { z } from 'zod'
import { generationSchema } from './generation.ts'
import { COUNT_MAX } from './limits.ts'
import { type Recipe, recipeSchema, sha256Schema } from './recipe.ts'

/** Bytes a picture's PNG may have beyond four for each pixel: headers, and a recipe with two of the longest prompts. */
const PNG_OVERHEAD_MAX_BYTES = 128 * 1024
/** No sampler of ours takes a day for a picture; more is a clock that jumped. */
const DURATION_MAX_MS = 24 * 60 * 60 * 1000

/** Width and height of the finished picture: the second pass's where there is one. */
export function pictureSize({ width, height, hires }: Recipe): { width: number; height: number } {
  return hires === undefined ? { width, height } : { width: hires.width, height: hires.height }
}

/** The largest PNG a picture of this recipe can honestly be. */
export function pngSizeMaxBytes(recipe: Recipe): number {
  const { width, height } = pictureSize(recipe)
  return width * height * 4 + PNG_OVERHEAD_MAX_BYTES
}

export const beginSavingSchema = z
  .strictObject({
    /** The device's own id of this click: the same key with the same pictures is saved once, however often it is sent. */
    idempotencyKey: z.uuid(),
    recipe: recipeSchema,
    /** What the device says the recipe's hash is; refused where it is not, so that both sides mean the same recipe. */
    recipeHash: sha256Schema,
    /** When the first picture was begun, by the device's clock. */
    madeAt: z.iso.datetime(),
    /** Those that were finished; the others of `recipe.count` were stopped. */
    pictures: z
      .array(
        z.strictObject({
          /** Its place among the recipe's `count`: picture i has seed + i. */
          index: z
            .int()
            .min(0)
            .max(COUNT_MAX - 1),
          sizeBytes: z.int().positive(),
          sha256: sha256Schema,
          durationMs: z.int().min(0).max(DURATION_MAX_MS),
        }),
      )
      .min(1)
      .max(COUNT_MAX),
  })
  .refine(({ pictures }) => new Set(pictures.map(({ index }) => index)).size === pictures.length, {
    path: ['pictures'],
    error: 'Each picture has an index of its own',
  })
  .refine(({ pictures, recipe }) => pictures.every(({ index }) => index < recipe.count), {
    path: ['pictures'],
    error: 'A picture’s index is below the recipe’s count',
  })
  .refine(({ pictures, recipe }) => pictures.every(({ sizeBytes }) => sizeBytes <= pngSizeMaxBytes(recipe)), {
    path: ['pictures'],
    error: 'A picture is larger than its recipe’s size allows',
  })
export type BeginSaving = z.input<typeof beginSavingSchema>

export const beginSavingReplySchema = z.discriminatedUnion('state', [
  /** It was saved before. */
  z.object({ state: z.literal('saved'), generation: generationSchema }),
  z.object({
    state: z.literal('waiting'),
    uploads: z.array(
      z.object({
        index: z.int(),
        /** Presigned PUT; send exactly these headers and the declared number of bytes before expiresAt. */
        url: z.string(),
        headers: z.record(z.string(), z.string()),
        expiresAt: z.iso.datetime(),
      }),
    ),
  }),
])
export type BeginSavingReply = z.infer<typeof beginSavingReplySchema>

export const finishSavingSchema = z.strictObject({ idempotencyKey: z.uuid() })
