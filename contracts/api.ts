// Inputs and outputs of the tRPC procedures that contracts/generation.ts and worker-protocol.ts do not already name.
import { z } from 'zod'
import { generationSchema, type MadeOn } from './generation.ts'
import { modelManifestSchema } from './model-manifest.ts'
import { networkManifestSchema } from './network-manifest.ts'
import { executionProviderSchema } from './worker-protocol.ts'

/** Calls in one request: more than a page of ours asks at once. */
export const BATCH_MAX = 10

/** A page of history: enough to fill a tall screen, small enough to send at once. */
export const LIST_LIMIT_DEFAULT = 24
export const LIST_LIMIT_MAX = 100

export const listGenerationsSchema = z.strictObject({
  /** As the last page gave it; opaque and signed. */
  cursor: z.string().max(500).nullish(),
  limit: z.int().min(1).max(LIST_LIMIT_MAX).default(LIST_LIMIT_DEFAULT),
  /** TanStack's infinite queries send it; newest first is the only order. */
  direction: z.enum(['forward', 'backward']).optional(),
})
export const generationPageSchema = z.object({
  items: z.array(generationSchema),
  /** null: that was the end. */
  nextCursor: z.string().nullable(),
  /** The event log's end as of this page: subscribing from here misses nothing. */
  lastEventId: z.string(),
})
export type GenerationPage = z.infer<typeof generationPageSchema>

export const generationRefSchema = z.strictObject({ id: z.uuid() })
/** Without imageId: every image of the generation that is not finished. */
export const cancelGenerationSchema = z.strictObject({ id: z.uuid(), imageId: z.uuid().optional() })

export const followEventsSchema = z.strictObject({
  /** Replays what came after it; absent: only what happens from now on. tRPC's SSE client sends it on reconnect. */
  lastEventId: z
    .string()
    .regex(/^\d{1,18}$/, 'Not a place in the event log')
    .nullish(),
})
/** A model as the Studio offers it: its manifest without the file list, and who is there to run it. */
export const modelSchema = modelManifestSchema
  .omit({ files: true, largestTensorBytes: true, manifestVersion: true })
  .extend({
    /** Of all its files. */
    sizeBytes: z.int().nonnegative(),
    /** Live workers that have loaded exactly this model (id and hash). */
    workers: z.array(z.object({ provider: executionProviderSchema, count: z.int().positive() })),
    /** How it has been going on the workers today; null: they have made nothing with it. */
    pace: z
      .object({
        /** Median over recent pictures, everything included: text, steps, decoding. */
        secondsPerStep: z.number(),
        /** Pictures queued or being made with this model, everybody's. */
        waiting: z.int(),
      })
      .nullable(),
  })
export type ModelDto = z.infer<typeof modelSchema>

/** A LoRA or an embedding a prompt may name. */
export const networkSchema = networkManifestSchema.omit({ manifestVersion: true })
export type NetworkDto = z.infer<typeof networkSchema>

export const uploadRefSchema = z.strictObject({ uploadId: z.uuid() })

export const imageRefSchema = z.strictObject({ imageId: z.uuid() })
export const shareSchema = z.object({ slug: z.string(), url: z.string() })
export type ShareDto = z.infer<typeof shareSchema>

/** What a public page may know about a shared image. No owner, no ids. */
export interface SharedImage {
  readonly slug: string
  readonly prompt: string
  readonly negativePrompt: string
  readonly modelName: string
  readonly seed: number
  readonly steps: number
  readonly sampler: string
  readonly guidanceScale: number
  readonly width: number
  readonly height: number
  readonly thumbhash: string | null
  readonly createdAt: Date
  readonly madeOn: MadeOn
}

/** What every tRPC error carries under `data.dewpoint`. */
export interface ErrorDetails {
  readonly code: string
  readonly userMessage: string
  readonly retryable: boolean
  /** Names the rule and the value; absent for failures of ours. */
  readonly detail: string | null
}
