// The worker gateway's messages (tRPC router `worker`, bearer token). A worker holds no database or bucket credentials:
// it claims, beats, reports, asks for a place to PUT, and completes with the attempt number as fence.
import { z } from 'zod'
import { previewSchema } from './generation.ts'
import { SIZE_MAX_PX, STEPS_MAX } from './limits.ts'
import { recipeSchema, sha256Schema } from './recipe.ts'

export const executionProviderSchema = z.enum(['cpu', 'cuda'])
export type ExecutionProvider = z.infer<typeof executionProviderSchema>

const workerId = z.uuid()
/** Attempts of one image: far more than any has taken. */
const attempt = z.int().positive().max(1_000_000)
const heldJob = z.object({ jobId: z.uuid(), attempt })
/**
 * A job is one image; the attempt grows with every claim, and only the latest may write, by the worker that claimed it. A worker's id
 * is drawn by itself and told to nobody else, so another holder of a token cannot speak of its jobs.
 */
const jobRef = heldJob.extend({ workerId })
export type JobRef = z.infer<typeof jobRef>

/** Calls of the model in one picture: two passes of the most steps, two calls each in samplers of second order. */
const CALLS_MAX = 4 * STEPS_MAX
/** The largest picture at four bytes a pixel; the gateway holds each to its own recipe's size. */
const sizeBytesSchema = z
  .int()
  .positive()
  .max(SIZE_MAX_PX * SIZE_MAX_PX * 5)
const DURATION_MAX_MS = 24 * 60 * 60 * 1000

export const helloSchema = z.strictObject({
  workerId,
  provider: executionProviderSchema,
  /** Models loaded and verified, by id and content hash. */
  models: z.array(z.strictObject({ id: z.string().min(1).max(200), hash: sha256Schema })).max(200),
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

export const heartbeatSchema = z.strictObject({ workerId, jobs: z.array(heldJob).max(64) })
export const heartbeatReplySchema = z.object({
  /** Stop these: the person canceled them. */
  canceled: z.array(z.uuid()),
  /** Drop these: another attempt has taken over. */
  lost: z.array(z.uuid()),
})

export const progressSchema = jobRef.extend({
  step: z.int().nonnegative().max(CALLS_MAX),
  steps: z.int().positive().max(CALLS_MAX),
  sigma: z.number().min(0).max(1e6),
  preview: previewSchema.nullable(),
})
/** `stop` is set when the job was canceled or lost, so that a cancel lands within one step. */
export const progressReplySchema = z.object({ stop: z.boolean() })

export const presignSchema = jobRef.extend({ sizeBytes: sizeBytesSchema, sha256: sha256Schema })
export const presignReplySchema = z.object({ url: z.string(), headers: z.record(z.string(), z.string()) })

export const completeSchema = jobRef.extend({
  sha256: sha256Schema,
  sizeBytes: sizeBytesSchema,
  width: z.int().positive().max(SIZE_MAX_PX),
  height: z.int().positive().max(SIZE_MAX_PX),
  /** Base64 thumbhash of the picture, which has 25 bytes at most. */
  thumbhash: z.base64().min(4).max(36),
  durationMs: z.int().nonnegative().max(DURATION_MAX_MS),
})
export const failSchema = jobRef.extend({
  /** For the log; people see the error table's words. */
  reason: z.string().max(2_000),
  retryable: z.boolean(),
})
/** Draining worker gives a job back untouched. */
export const releaseSchema = jobRef
