// What the web side and the browser say to each other about generations: requests in, plain data out, events in between.
import { z } from 'zod'
import { COUNT_MAX, SIZE_MAX_PX, UPLOAD_CONTENT_TYPES, UPLOAD_SIZE_MAX_BYTES } from './limits.ts'
import { promptSchema, recipeSchema, sha256Schema, strengthSchema } from './recipe.ts'
import { MODEL_SETTINGS, optionalShape, seedSchema } from './settings.ts'

/** An image's life: queued → running → done | failed | canceled. A worker's death takes it from running back to queued. */
export const imageStatusSchema = z.enum(['queued', 'running', 'done', 'failed', 'canceled'])
export type ImageStatus = z.infer<typeof imageStatusSchema>

/** Where an image was made: by one of our workers, or in the browser of the person who asked for it. */
export const madeOnSchema = z.enum(['server', 'device'])
export type MadeOn = z.infer<typeof madeOnSchema>

export const createGenerationSchema = z.strictObject({
  /** Chosen by the client, one per click: the same key with the same request returns the same generation. */
  idempotencyKey: z.uuid(),
  modelId: z.string().min(1).max(200),
  prompt: promptSchema.refine((text) => text.trim() !== '', 'Write what you want to see'),
  negativePrompt: promptSchema.default(''),
  /** null: the server draws one. */
  seed: seedSchema.nullable(),
  count: z.int().min(1).max(COUNT_MAX),
  width: z.int(),
  height: z.int(),
  ...MODEL_SETTINGS,
  /** Go into the recipe as they are; absent means what the recipe says of an absent one. */
  ...optionalShape,
  input: z.strictObject({ uploadId: z.uuid(), strength: strengthSchema }).optional(),
})
export type CreateGenerationRequest = z.input<typeof createGenerationSchema>

/** One finished image made again on the server, to be compared with. Costs what an image costs, is in no list, is gone after a day. */
export const checkImageSchema = z.strictObject({ imageId: z.uuid(), idempotencyKey: z.uuid() })

/** Latents are eight times smaller than the picture at least. */
const PREVIEW_SIDE_MAX = SIZE_MAX_PX / 8

/** A coarse picture of the latents: RGB bytes, row by row, one pixel per latent pixel. */
export const previewSchema = z
  .strictObject({
    width: z.int().positive().max(PREVIEW_SIDE_MAX),
    height: z.int().positive().max(PREVIEW_SIDE_MAX),
    /** Base64 of width * height * 3 bytes. */
    rgb: z.string(),
  })
  .refine(({ width, height, rgb }) => rgb.length === width * height * 4, {
    path: ['rgb'],
    error: 'A preview has three bytes for each of its pixels',
  })
export type Preview = z.infer<typeof previewSchema>

export const imageSchema = z.object({
  id: z.uuid(),
  index: z.int(),
  seed: seedSchema,
  status: imageStatusSchema,
  /** Steps done and to do, in model calls the sampler really makes. */
  step: z.int(),
  steps: z.int(),
  /** Images ahead of this one in the queue; null unless queued. */
  queuePosition: z.int().nullable(),
  preview: previewSchema.nullable(),
  /** Where the finished picture is served to its owner; null until done. */
  url: z.string().nullable(),
  thumbhash: z.string().nullable(),
  sizeBytes: z.int().nullable(),
  share: z.object({ slug: z.string(), url: z.string() }).nullable(),
  error: z.object({ code: z.string(), message: z.string(), retryable: z.boolean() }).nullable(),
  durationMs: z.int().nullable(),
  /** The event log holds images from before devices could make any: those were all made by workers. */
  madeOn: madeOnSchema.default('server'),
})
export type ImageDto = z.infer<typeof imageSchema>

export const generationSchema = z.object({
  id: z.uuid(),
  createdAt: z.iso.datetime(),
  recipe: recipeSchema,
  recipeHash: sha256Schema,
  images: z.array(imageSchema),
})
export type GenerationDto = z.infer<typeof generationSchema>

/** One entry of the append-only log, as the subscription yields it under tracked(seq). */
export const generationEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('queued'), generationId: z.uuid(), imageId: z.uuid(), queuePosition: z.int() }),
  z.object({ type: z.literal('started'), generationId: z.uuid(), imageId: z.uuid(), attempt: z.int() }),
  z.object({
    type: z.literal('step'),
    generationId: z.uuid(),
    imageId: z.uuid(),
    step: z.int(),
    steps: z.int(),
    sigma: z.number(),
    preview: previewSchema.nullable(),
  }),
  /** done, failed, canceled, or back to queued after a worker was lost; carries the image as it now is. */
  z.object({ type: z.literal('image'), generationId: z.uuid(), image: imageSchema }),
  z.object({ type: z.literal('deleted'), generationId: z.uuid() }),
])
export type GenerationEvent = z.infer<typeof generationEventSchema>

export const createUploadSchema = z.strictObject({
  contentType: z.enum(UPLOAD_CONTENT_TYPES),
  sizeBytes: z.int().positive().max(UPLOAD_SIZE_MAX_BYTES),
})

export const uploadTicketSchema = z.object({
  uploadId: z.uuid(),
  /** Presigned PUT; send exactly these headers and sizeBytes bytes before expiresAt. */
  url: z.string(),
  headers: z.record(z.string(), z.string()),
  expiresAt: z.iso.datetime(),
})

export const uploadSchema = z.object({
  uploadId: z.uuid(),
  width: z.int(),
  height: z.int(),
  sha256: sha256Schema,
  url: z.string(),
})
export type UploadDto = z.infer<typeof uploadSchema>

export const allowanceSchema = z.object({
  used: z.int(),
  limit: z.int(),
  resetsAt: z.iso.datetime(),
})

export const meSchema = z.object({
  id: z.string(),
  isGuest: z.boolean(),
  name: z.string(),
  email: z.string().nullable(),
  allowance: allowanceSchema,
})
export type MeDto = z.infer<typeof meSchema>
