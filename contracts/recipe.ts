// A recipe: everything that decides a picture's pixels, and nothing else. What ran it, when and for whom is not in it.
import { z } from 'zod'
import {
  COUNT_MAX,
  GUIDANCE_SCALE_MAX,
  GUIDANCE_SCALE_MIN,
  NETWORKS_MAX,
  PROMPT_LENGTH_MAX,
  SEED_MAX,
  SIZE_MAX_PX,
  SIZE_MIN_PX,
  SIZE_MULTIPLE_PX,
  STEPS_MAX,
  STEPS_MIN,
} from './limits.ts'
import { SAMPLER_IDS, SAMPLERS, SCHEDULE_IDS, SCHEDULES } from './samplers.ts'

/** C0 and C1 controls except tab and newline: they carry no meaning for a text encoder and hide text from people. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: naming these characters is the point of the rule
const CONTROL_CHARACTERS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/

export const promptSchema = z
  .string()
  .max(PROMPT_LENGTH_MAX, `A prompt has at most ${PROMPT_LENGTH_MAX} characters`)
  .refine((text) => !CONTROL_CHARACTERS.test(text), 'A prompt may not contain control characters')
  // Half a pair has no UTF-8, so neither the database nor a picture's metadata could hold it.
  .refine((text) => text.isWellFormed(), 'A prompt may not contain half of a surrogate pair')

const sideSchema = z
  .int()
  .min(SIZE_MIN_PX)
  .max(SIZE_MAX_PX)
  .multipleOf(SIZE_MULTIPLE_PX, `Width and height are multiples of ${SIZE_MULTIPLE_PX} pixels`)

export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/, 'A SHA-256 is 64 lower-case hexadecimal digits')

export const samplerSchema = z.enum(SAMPLER_IDS, {
  error: (issue) =>
    `Unknown sampler ${JSON.stringify(issue.input)}; known: ${SAMPLER_IDS.map((id) => `${id} (${SAMPLERS[id].label})`).join(', ')}`,
})
export const scheduleSchema = z.enum(SCHEDULE_IDS, {
  error: (issue) =>
    `Unknown schedule ${JSON.stringify(issue.input)}; known: ${SCHEDULE_IDS.map((id) => `${id} (${SCHEDULES[id].label})`).join(', ')}`,
})

export const seedSchema = z.int().min(0).max(SEED_MAX)
export const stepsSchema = z
  .int()
  .min(STEPS_MIN, `Steps are ${STEPS_MIN} to ${STEPS_MAX}`)
  .max(STEPS_MAX, `Steps are ${STEPS_MIN} to ${STEPS_MAX}`)
export const guidanceScaleSchema = z.number().min(GUIDANCE_SCALE_MIN).max(GUIDANCE_SCALE_MAX)
/** 1 ignores the input image, values near 0 keep it; 0 would do no step at all and is refused. */
export const strengthSchema = z
  .number()
  .gt(0, 'Strength is above 0 and at most 1')
  .max(1, 'Strength is above 0 and at most 1')

/**
 * How weights such as `(taco:1.3)` act on the text encoder's output. `a1111` scales each token's embedding and restores the
 * mean; `compel` moves it along the line from the empty prompt's embedding; `none` reads prompts literally, brackets and all.
 */
export const WEIGHTINGS = ['a1111', 'compel', 'none'] as const
export const weightingSchema = z.enum(WEIGHTINGS)
export type Weighting = (typeof WEIGHTINGS)[number]

export const maskSchema = z.strictObject({
  /** Content hash of the prepared mask. */
  hash: sha256Schema,
  /** Standard deviation of the Gaussian that softens the mask's edge. */
  blurPx: z.number().min(0).max(64),
  /** `whole` works on the picture as it is; `masked` cuts out the mask's surroundings and repaints them at the recipe's size. */
  region: z.enum(['whole', 'masked']),
  /** Surroundings kept around the mask where region is `masked`. */
  paddingPx: z.int().min(0).max(512),
})

export const hiresSchema = z.strictObject({
  width: sideSchema,
  height: sideSchema,
  steps: stepsSchema,
  strength: strengthSchema,
  /** `latent` enlarges the latents bilinearly, `lanczos` the decoded picture. */
  upscaler: z.enum(['latent', 'lanczos']),
})

export const NETWORK_KINDS = ['lora', 'embedding'] as const
export const networkKindSchema = z.enum(NETWORK_KINDS)
export type NetworkKind = (typeof NETWORK_KINDS)[number]

/** No character of the prompt syntax, no path: the name stands in prompts, `<lora:name:0.8>`, and is a file's name. */
export const networkNameSchema = z
  .string()
  .regex(
    /^[\p{L}\p{N}_][\p{L}\p{N}_ .+-]{0,99}$/u,
    'A network’s name is up to 100 letters, digits, spaces and . _ + -, and starts with a letter or digit',
  )

export const networkRefSchema = z.strictObject({
  kind: networkKindSchema,
  /** As the prompt says it. */
  name: networkNameSchema,
  /** SHA-256 of the weights file. */
  hash: sha256Schema,
})
/** A LoRA or a textual-inversion embedding the prompt names: the name, and the very file it meant. */
export type NetworkRef = z.infer<typeof networkRefSchema>

const leavesAStep = (steps: number, strength: number): boolean => Math.floor(steps * strength) >= 1

export const recipeSchema = z
  .strictObject({
    version: z.literal(1),
    model: z.strictObject({ id: z.string().min(1).max(200), hash: sha256Schema }),
    prompt: promptSchema,
    negativePrompt: promptSchema,
    /** Seed of the first image; image i of `count` uses seed + i modulo 2^32, as A1111 does. */
    seed: seedSchema,
    count: z.int().min(1).max(COUNT_MAX),
    width: sideSchema,
    height: sideSchema,
    steps: stepsSchema,
    sampler: samplerSchema,
    schedule: scheduleSchema,
    guidanceScale: guidanceScaleSchema,
    /** Absent: `a1111`, the syntax people already write. Prompts without any syntax encode the same in every mode. */
    weighting: weightingSchema.optional(),
    /** Generator of all noise: torch's CUDA layout ("NV" in A1111) unless said otherwise; mt19937 is torch's CPU's ("CPU"). */
    noise: z.enum(['philox', 'mt19937']),
    /** Image-to-image: content hash of the prepared input, and how far it is noised. */
    input: z.strictObject({ hash: sha256Schema, strength: strengthSchema }).optional(),
    /** Inpainting, together with `input`: white of the mask is repainted, black stays as it was. */
    mask: maskSchema.optional(),
    /** A second seed's noise mixed in: near 0 the same picture with small changes, 1 the other seed's picture. */
    variation: z.strictObject({ seed: seedSchema, strength: z.number().min(0).max(1) }).optional(),
    /** A second pass at a larger size: finished picture enlarged, noised to `strength`, denoised again. */
    hires: hiresSchema.optional(),
    /** Which edges of the picture meet without a seam when it is laid out as a tile. */
    tiling: z.enum(['x', 'y', 'xy']).optional(),
    /** Pulls the guided prediction's contrast back to the conditional one's (arXiv 2305.08891); 0 or absent: not at all. */
    guidanceRescale: z.number().min(0).max(1).optional(),
    /** Fresh noise of samplers that take any; absent: the sampler's published default. */
    eta: z.number().min(0).max(1).optional(),
    /** Karras et al.'s churn of Euler, Heun and DPM2; absent: 0. */
    sChurn: z.number().min(0).max(100).optional(),
    /** Scale of fresh noise; absent: 1. */
    sNoise: z.number().min(0).max(2).optional(),
    /**
     * Where SDE samplers take their noise: torchsde's path of the seed as A1111 and ComfyUI do, drawn on a CPU or as a graphics
     * card draws, at some cost; absent: fresh draws of `noise`, the same law and another picture.
     */
    sdeNoise: z.enum(['torchsde-cpu', 'torchsde-cuda']).optional(),
    /** Bend of two schedules: Karras (absent: 7) and polyexponential (absent: 1, which is exponential). */
    rho: z.number().min(0.1).max(30).optional(),
    /** Start from pure noise whatever the model's config says (A1111's "Noise Schedule: Zero Terminal SNR"). */
    zeroTerminalSnr: z.boolean().optional(),
    /** The files behind the LoRAs and embeddings the prompts name; names without one add nothing. How much of each is the prompt's to say. */
    networks: z
      .array(networkRefSchema)
      .min(1)
      .max(NETWORKS_MAX, `Up to ${NETWORKS_MAX} LoRAs and embeddings work together`)
      .optional(),
  })
  .refine(({ steps, input }) => input === undefined || leavesAStep(steps, input.strength), {
    path: ['input', 'strength'],
    error: 'Steps times strength is at least 1: image-to-image does that share of the steps, rounded down',
  })
  .refine(({ hires }) => hires === undefined || leavesAStep(hires.steps, hires.strength), {
    path: ['hires', 'strength'],
    error: 'Steps times strength is at least 1: the second pass does that share of its steps, rounded down',
  })

export type Recipe = z.infer<typeof recipeSchema>
