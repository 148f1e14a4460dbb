// A recipe: everything that decides a picture's pixels, and nothing else. What ran it, when and for whom is not in it.
import { z } from 'zod'
import { COUNT_MAX, NETWORKS_MAX, PROMPT_LENGTH_MAX, SIZE_MAX_PX, SIZE_MIN_PX, SIZE_MULTIPLE_PX } from './limits.ts'
import { MODEL_SETTINGS, OPTIONAL_SETTINGS, optionalShape, seedSchema, stepsSchema } from './settings.ts'

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

/** 1 ignores the input image, values near 0 keep it; 0 would do no step at all and is refused. */
export const strengthSchema = z
  .number()
  .gt(0, 'Strength is above 0 and at most 1')
  .max(1, 'Strength is above 0 and at most 1')

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
    ...MODEL_SETTINGS,
    ...optionalShape,
    /** The generator of all noise is always said, so that no change of what is usual changes a picture. */
    noise: OPTIONAL_SETTINGS.noise.schema,
    /** Image-to-image: content hash of the prepared input, and how far it is noised. */
    input: z.strictObject({ hash: sha256Schema, strength: strengthSchema }).optional(),
    /** Inpainting, together with `input`: white of the mask is repainted, black stays as it was. */
    mask: maskSchema.optional(),
    /** A second pass at a larger size: finished picture enlarged, noised to `strength`, denoised again. */
    hires: hiresSchema.optional(),
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
/** How weights such as `(taco:1.3)` act on the text encoder's output. */
export type Weighting = NonNullable<Recipe['weighting']>
