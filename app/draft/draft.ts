// What the person has typed and chosen: the draft. null means "what the model suggests", so a change of model carries
// its own defaults and a reset is one assignment.
import { z } from 'zod'
import type { CreateGenerationRequest } from '#contracts/generation.ts'
import { COUNT_MAX } from '#contracts/limits.ts'
import type { ModelManifest } from '#contracts/model-manifest.ts'
import type { Recipe } from '#contracts/recipe.ts'
import { MODEL_SETTINGS, seedSchema } from '#contracts/settings.ts'
import {
  changedOptionalSettings,
  NO_OPTIONAL_SETTINGS,
  optionalRequest,
  optionalSettingsOf,
  optionalSettingsSchema,
} from './optional-settings.ts'

/** Halfway between "a little different" and "only the layout stays". */
export const STRENGTH_DEFAULT = 0.6

export const draftSchema = z.object({
  prompt: z.string(),
  negativePrompt: z.string(),
  modelId: z.string().nullable(),
  size: z.object({ width: z.int(), height: z.int() }).nullable(),
  count: z.int().min(1).max(COUNT_MAX),
  steps: MODEL_SETTINGS.steps.nullable(),
  guidanceScale: MODEL_SETTINGS.guidanceScale.nullable(),
  sampler: MODEL_SETTINGS.sampler.nullable(),
  schedule: MODEL_SETTINGS.schedule.nullable(),
  /** null: a new one each time. */
  seed: seedSchema.nullable(),
  input: z.object({ uploadId: z.string(), width: z.int(), height: z.int(), url: z.string() }).nullable(),
  strength: z.number().gt(0).max(1),
  ...optionalSettingsSchema.shape,
})
export type Draft = z.infer<typeof draftSchema>

export const EMPTY_DRAFT: Draft = {
  prompt: '',
  negativePrompt: '',
  modelId: null,
  size: null,
  count: 1,
  steps: null,
  guidanceScale: null,
  sampler: null,
  schedule: null,
  seed: null,
  input: null,
  strength: STRENGTH_DEFAULT,
  ...NO_OPTIONAL_SETTINGS,
}

/** What the Studio needs to know of a model. */
export type StudioModel = Pick<
  ModelManifest,
  'id' | 'name' | 'summary' | 'sizes' | 'fixedSize' | 'defaults' | 'examples' | 'textWindows'
>

/** A stored draft, read field by field: one spoilt field must not cost the person the words in the others. */
export const storedDraftSchema: z.ZodType<Draft> = z.record(z.string(), z.unknown()).transform((stored) => {
  const fields = Object.entries(draftSchema.shape).flatMap(([name, schema]) => {
    const field = schema.safeParse(stored[name])
    return field.success ? [[name, field.data] as const] : []
  })
  return { ...EMPTY_DRAFT, ...Object.fromEntries(fields) }
})

export function chooseModel<Model extends StudioModel>(draft: Draft, models: readonly Model[]): Model | undefined {
  return models.find((model) => model.id === draft.modelId) ?? models[0]
}

export interface Settings {
  readonly width: number
  readonly height: number
  readonly steps: number
  readonly guidanceScale: number
  readonly sampler: Draft['sampler'] & string
  readonly schedule: Draft['schedule'] & string
}

/** The draft with the model's defaults where the person chose nothing. A size the model does not offer falls to its first. */
export function settingsOf(draft: Draft, model: StudioModel): Settings {
  const { size } = draft
  const offered = model.sizes.find((one) => one.width === size?.width && one.height === size.height)
  const chosen = offered ?? model.sizes[0]
  if (chosen === undefined) throw new RangeError(`Model ${model.id} offers no size`)
  return {
    width: chosen.width,
    height: chosen.height,
    steps: draft.steps ?? model.defaults.steps,
    guidanceScale: draft.guidanceScale ?? model.defaults.guidanceScale,
    sampler: draft.sampler ?? model.defaults.sampler,
    schedule: draft.schedule ?? model.defaults.schedule,
  }
}

/** How many of the advanced settings differ from what the model suggests. */
export function changedSettings(draft: Draft, model: StudioModel): number {
  const main = [draft.steps, draft.guidanceScale, draft.sampler, draft.schedule, draft.seed]
  return main.filter((value) => value !== null).length + changedOptionalSettings(draft, settingsOf(draft, model))
}

export function requestOf(draft: Draft, model: StudioModel, idempotencyKey: string): CreateGenerationRequest {
  const settings = settingsOf(draft, model)
  return {
    idempotencyKey,
    modelId: model.id,
    prompt: draft.prompt,
    negativePrompt: draft.negativePrompt,
    seed: draft.seed,
    count: draft.count,
    ...settings,
    ...optionalRequest(draft, settings),
    ...(draft.input ? { input: { uploadId: draft.input.uploadId, strength: draft.strength } } : {}),
  }
}

export type Reuse = 'prompt' | 'seed' | 'all' | 'remix'

/** The draft after taking something over from a picture's recipe; `seed` is that picture's own. */
export function reuseRecipe(draft: Draft, recipe: Recipe, seed: number, what: Reuse): Draft {
  switch (what) {
    case 'prompt':
      return { ...draft, prompt: recipe.prompt, negativePrompt: recipe.negativePrompt }
    case 'seed':
      return { ...draft, seed }
    case 'all':
    case 'remix':
      return {
        ...draft,
        prompt: recipe.prompt,
        negativePrompt: recipe.negativePrompt,
        modelId: recipe.model.id,
        size: { width: recipe.width, height: recipe.height },
        steps: recipe.steps,
        guidanceScale: recipe.guidanceScale,
        sampler: recipe.sampler,
        schedule: recipe.schedule,
        seed: what === 'all' ? seed : null,
        input: null,
        ...optionalSettingsOf(recipe),
      }
    default:
      return what satisfies never
  }
}

/** An unsigned 32-bit seed. */
export function drawSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0
}
