// What one dialect made of a file's texts, still in its own words: names not yet resolved, numbers not yet held against limits.
// Turning it into what Dewpoint can do, with a report, is read-recipe.ts.
import type { Recipe } from '#contracts/recipe.ts'
import type { OptionalSetting } from '#contracts/settings.ts'

export type Dialect =
  | 'dewpoint'
  | 'a1111'
  | 'comfyui'
  | 'invokeai'
  | 'fooocus'
  | 'ruinedfooocus'
  | 'swarmui'
  | 'novelai'
  | 'easydiffusion'
  | 'drawthings'

/** A setting that is there but not used, with the reason in plain words. */
export interface Ignored {
  /** The other program's for it, or a field of our recipes. */
  readonly name: string
  readonly value: string
  readonly reason: string
}

/** A text that was rewritten into Dewpoint's syntax. */
export interface PromptTranslation {
  readonly field: 'prompt' | 'negativePrompt'
  readonly from: string
  readonly reason: string
}

type OptionalFields = { readonly [Name in OptionalSetting]?: Recipe[Name] | undefined }

export interface ForeignRecipe extends OptionalFields {
  readonly dialect: Dialect
  /** What wrote it, as it says itself. */
  readonly software?: string | undefined
  readonly prompt?: string | undefined
  readonly negativePrompt?: string | undefined
  readonly seed?: number | undefined
  readonly steps?: number | undefined
  /** The sampler by the dialect's name, and the schedule where it has a separate one. */
  readonly sampler?: string | undefined
  readonly schedule?: string | undefined
  readonly guidanceScale?: number | undefined
  readonly width?: number | undefined
  readonly height?: number | undefined
  /** Only where the picture started from another one. */
  readonly strength?: number | undefined
  readonly model?: { readonly name?: string | undefined; readonly hash?: string | undefined } | undefined
  readonly translations?: readonly PromptTranslation[]
  readonly ignored: readonly Ignored[]
  readonly problems: readonly string[]
}

/** Longest value shown of an ignored setting. */
const SHOWN_MAX = 200

export function ignored(name: string, value: unknown, reason: string): Ignored {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))
  return { name, value: text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX - 1)}…` : text, reason }
}

/** The reasons most dialects need. */
export const REASONS = {
  secondPass: 'A second pass at a larger size is not made here',
  control: 'Pictures are not steered by control images here',
  network: 'Added networks are not loaded here',
  detailer: 'Faces are not redrawn afterwards here',
  clipSkip: 'The text encoder is always read at the layer the model was made for',
  vae: "The model's own decoder is used",
  refiner: 'A second model for the last steps is not used here',
  styles: 'Styles are text added by the other program; only your own words are taken',
  variation: 'Noise is not mixed from two seeds here',
  unknown: 'Dewpoint has no such setting',
} as const
