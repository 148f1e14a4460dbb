// The worker gateway's messages (tRPC router `worker`, bearer token). A worker holds no database or bucket credentials:
// it claims, beats, reports, asks for a place to PUT, and completes with the attempt number as fence.
import { z } from 'zod'
import { previewSchema } from './generation.ts'
import { recipeSchema, sha256Schema } from './recipe.ts'

export const executionProviderSchema = z.enum(['cpu', 'cuda'])
export type ExecutionProvider = z.infer<typeof executionProviderSchema>

const workerId = z.uuid()
/** A job is one image; the attempt grows with every claim, and only the latest may write. */
const jobRef = z.object({ jobId: z.uuid(), attempt: z.int().positive() })
export type JobRef = z.infer<typeof jobRef>

export const helloSchema = z.strictObject({
  workerId,
  provider: executionProviderSchema,
  /** Models loaded and verified, by id and content hash. */
  models: z.array(z.strictObject({ id: z.string(), hash: sha256Schema })),
})
export const helloReplySchema = z.object({
  heartbeatEveryMs: z.int().positive(),
})

export const claimSchema = z.strictObject({
  workerId,
  max: z.int().min(1).max(64),
  /** Long poll: how long the gateway may hold the call when nothing is queued. */
  waitMs: z.int().min(0).max(30_000),
})
export const jobSchema = jobRef.extend({
  recipe: recipeSchema,
  /** Presigned GET of the prepared input image (PNG of the recipe's size), for image-to-image. */
  inputUrl: z.string().nullable(),
})
export type Job = z.infer<typeof jobSchema>
export const claimReplySchema = z.object({ jobs: z.array(jobSchema) })

export const heartbeatSchema = z.strictObject({ workerId, jobs: z.array(jobRef) })
export const heartbeatReplySchema = z.object({
  /** Stop these: the person canceled them. */
  canceled: z.array(z.uuid()),
  /** Drop these: another attempt has taken over. */
  lost: z.array(z.uuid()),
})

export const progressSchema = jobRef.extend({
  step: z.int().nonnegative(),
  steps: z.int().positive(),
  sigma: z.number(),
  preview: previewSchema.nullable(),
})
/** `stop` is set when the job was canceled or lost, so that a cancel lands within one step. */
export const progressReplySchema = z.object({ stop: z.boolean() })

export const presignSchema = jobRef.extend({ sizeBytes: z.int().positive(), sha256: sha256Schema })
export const presignReplySchema = z.object({ url: z.string(), headers: z.record(z.string(), z.string()) })

export const completeSchema = jobRef.extend({
  sha256: sha256Schema,
  sizeBytes: z.int().positive(),
  width: z.int().positive(),
  height: z.int().positive(),
  /** Base64 thumbhash of the picture. */
  thumbhash: z.string(),
  durationMs: z.int().nonnegative(),
})
export const failSchema = jobRef.extend({
  /** For the log; people see the error table's words. */
  reason: z.string().max(2_000),
  retryable: z.boolean(),
})
/** Draining worker gives a job back untouched. */
export const releaseSchema = jobRef
