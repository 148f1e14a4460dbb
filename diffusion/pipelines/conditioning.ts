// Stages 1 and 2: prompt and negative prompt → what the U-Net attends to at each step. The prompt language is read by
// diffusion/prompt/; here its readings go through every text encoder of the model.
import type { Recipe } from '#contracts/recipe.ts'
import { throwIfAborted } from '../errors.ts'
import type { Model } from '../model/load-model.ts'
import type { TextEncoder } from '../model/text-encoder.ts'
import type { Conditioning } from '../model/unet.ts'
import { CHUNKS_MAX, chunkSegments } from '../prompt/chunk.ts'
import { type EncodedChunk, encodeChunks } from '../prompt/encode-segments.ts'
import { type PromptPlan, planPrompt } from '../prompt/plan.ts'
import type { ReadingPart, Segment } from '../prompt/read.ts'

/** One of the prompts joined by AND, and its share of the guidance. */
export interface ConditionalPart {
  readonly conditioning: Conditioning
  readonly weight: number
}

export interface StepConditioning {
  readonly conditional: readonly [ConditionalPart, ...ConditionalPart[]]
  /** Absent where guidance is not computed. */
  readonly unconditional: Conditioning | undefined
}

/** What conditions step `step` (0-based) of the person's step count. */
export type ConditioningOfStep = (step: number) => StepConditioning

export interface PromptOptions {
  readonly recipe: Recipe
  /** Steps of the pass; a second pass counts its own. */
  readonly steps: number
  /** Guidance scale the sampler works with. */
  readonly guidanceScale: number
  /** The sampler uses the unconditional output for more than guidance. */
  readonly needsUnconditional: boolean
  readonly signal: AbortSignal | undefined
}

/** SDXL conditions on the layer before the last, of both encoders; one encoder alone gives its last. */
const SDXL_SKIP_LAYERS = 1

/** @throws RangeError where the prompt asks for what the model cannot do. */
export async function encodePrompts(model: Model, options: PromptOptions): Promise<ConditioningOfStep> {
  const { recipe, steps, signal } = options
  const plan = { steps, seed: recipe.seed, weighting: recipe.weighting ?? 'a1111' } as const
  const positive = planPrompt(recipe.prompt, plan)
  const guided = isGuided(model, positive, options)
  const negative = guided ? planPrompt(recipe.negativePrompt, { ...plan, isNegative: true }) : undefined

  const allParts = [...positive.readings, ...(negative?.readings ?? [])].flatMap(({ parts }) => parts)
  // Rows of one batched call share their length, so the longest prompt decides for all.
  const longest = Math.max(
    ...allParts.flatMap(({ segments }) =>
      model.textEncoders.map(({ tokenizer }) => chunkSegments(segments, tokenizer).length),
    ),
  )
  const chunkCount = Math.min(longest, chunksMax(model))
  const encode = async ({ segments, weight }: ReadingPart): Promise<ConditionalPart> => {
    throwIfAborted(signal)
    return { conditioning: await encodeSegments(model, segments, chunkCount, plan.weighting), weight }
  }
  const conditionals: ConditionalPart[][] = []
  for (const { parts } of positive.readings) conditionals.push(await inOrder(parts, encode))
  const unconditionals: Conditioning[] = []
  for (const { parts } of negative?.readings ?? []) {
    const [first] = await inOrder(parts, encode)
    if (first !== undefined) unconditionals.push(zeroedIfEmpty(model, recipe, first.conditioning))
  }
  return (step) => {
    const conditional = conditionals[positive.readingOfStep[step] ?? 0]
    const [first, ...others] = conditional ?? []
    if (first === undefined) throw new RangeError('A prompt has at least one part')
    return { conditional: [first, ...others], unconditional: unconditionals[negative?.readingOfStep[step] ?? 0] }
  }
}

/** At scale 1 the unconditional half cancels out; a model that is told the scale was distilled to need no such half. */
function isGuided(model: Model, positive: PromptPlan, { guidanceScale, needsUnconditional }: PromptOptions): boolean {
  const isComposed = positive.readings.some(({ parts }) => parts.length > 1 || parts[0]?.weight !== 1)
  if (!model.unet.takesGuidanceScale) return guidanceScale !== 1 || needsUnconditional || isComposed
  if (isComposed) throw new RangeError(`${model.manifest.id} is not guided, so prompts cannot be joined with AND`)
  return false
}

/**
 * Windows of text the model can attend to. A U-Net exported for one window reads no further; what stands behind it is left out, and
 * `analyzePrompt` with this number says from where on, before anybody generates.
 */
export function chunksMax({ unet, textEncoders }: Pick<Model, 'unet' | 'textEncoders'>): number {
  if (unet.fixedTextLength === undefined) return CHUNKS_MAX
  const windowLength = Math.max(...textEncoders.map(({ tokenizer }) => tokenizer.length))
  return Math.max(1, Math.floor(unet.fixedTextLength / windowLength))
}

async function encodeSegments(
  model: Model,
  segments: readonly Segment[],
  chunkCount: number,
  weighting: NonNullable<Recipe['weighting']>,
): Promise<Conditioning> {
  const skipLayers = model.unet.takesPooledText ? SDXL_SKIP_LAYERS : 0
  const embeds: EncodedChunk[] = []
  for (const encoder of model.textEncoders) {
    const chunks = chunkSegments(segments, encoder.tokenizer).slice(0, chunkCount)
    embeds.push(await encodeChunks(chunkEncoder(encoder, skipLayers), chunks, chunkCount, weighting))
  }
  return {
    hidden: joinWidths(embeds),
    width: embeds.reduce((sum, { width }) => sum + width, 0),
    pooled: model.unet.takesPooledText ? embeds.at(-1)?.pooled : undefined,
  }
}

function chunkEncoder(encoder: TextEncoder, skipLayers: number) {
  return { tokenizer: encoder.tokenizer, encode: (ids: Int32Array) => encoder.encode(ids, skipLayers) }
}

/** SDXL was trained with zeros where there was nothing to avoid, not with the encoding of the empty text. */
function zeroedIfEmpty(model: Model, recipe: Recipe, encoded: Conditioning): Conditioning {
  if (recipe.negativePrompt !== '' || !model.zerosForEmptyNegative) return encoded
  return {
    hidden: new Float32Array(encoded.hidden.length),
    width: encoded.width,
    pooled: encoded.pooled && new Float32Array(encoded.pooled.length),
  }
}

/** [length, a] and [length, b] → [length, a + b]. */
function joinWidths(embeds: readonly EncodedChunk[]): Float32Array {
  const [only] = embeds
  if (embeds.length === 1 && only !== undefined) return only.hidden
  const width = embeds.reduce((sum, embed) => sum + embed.width, 0)
  const length = Math.max(...embeds.map((embed) => embed.hidden.length / embed.width))
  const joined = new Float32Array(length * width)
  let column = 0
  for (const { hidden, width: own } of embeds) {
    for (let row = 0; row < length; row++) joined.set(hidden.subarray(row * own, (row + 1) * own), row * width + column)
    column += own
  }
  return joined
}

async function inOrder<In, Out>(items: readonly In[], map: (item: In) => Promise<Out>): Promise<Out[]> {
  const results: Out[] = []
  for (const item of items) results.push(await map(item))
  return results
}
