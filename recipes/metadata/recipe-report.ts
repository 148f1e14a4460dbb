// The report on a picture's recipe, as the Studio shows it before its form changes: plain data.
import type { Recipe } from '#contracts/recipe.ts'
import type { MODEL_SETTINGS, OptionalSetting } from '#contracts/settings.ts'
import type { ResolvedSampler } from '../sampler-names.ts'
import type { Dialect, Ignored } from './foreign-recipe.ts'
import type { KnownModel } from './match-model.ts'
import type { FileFormat } from './read-texts.ts'
import type { Pixels } from './stealth.ts'

type OfRecipe =
  | 'prompt'
  | 'negativePrompt'
  | 'seed'
  | 'width'
  | 'height'
  | keyof typeof MODEL_SETTINGS
  | OptionalSetting

/** What a form takes over; a field left out stays as it is. */
export type RecipeFields = { -readonly [Field in OfRecipe]?: NonNullable<Recipe[Field]> } & {
  modelId?: string
  strength?: number
}
export type RecipeField = keyof RecipeFields

export interface Restored {
  readonly field: RecipeField
  /** As people read it. */
  readonly value: string
}

export interface Translated {
  readonly field: RecipeField
  readonly from: string
  readonly to: string
  readonly reason: string
}

export interface RecipeReport {
  /** undefined: not a file that can hold a recipe. */
  readonly format: FileFormat | undefined
  /** undefined: no recipe was found. */
  readonly dialect: Dialect | undefined
  /** What made the picture, as it says itself. */
  readonly software: string | undefined
  readonly fields: RecipeFields
  /** The whole recipe, where the file holds one of ours: what "reproduce" runs. */
  readonly recipe: Recipe | undefined
  readonly restored: readonly Restored[]
  readonly translated: readonly Translated[]
  readonly ignored: readonly Ignored[]
  /** The model it was made with, when that is not installed. */
  readonly missingModel: { readonly name?: string | undefined; readonly hash?: string | undefined } | null
  readonly problems: readonly string[]
}

/** Another program's sampler name, and its schedule's where it has one of its own, → ours; undefined where there is none. */
export type ResolveSampler = (
  sampler: string,
  schedule: string | undefined,
  dialect: Dialect,
) => ResolvedSampler | undefined

export interface ReadRecipeOptions {
  readonly knownModels: readonly KnownModel[]
  /** Default: the names in recipes/sampler-names.ts. */
  readonly samplers?: ResolveSampler
  /** Decoded pixels, asked for only where no text holds a recipe: NovelAI hides a copy in them. */
  readonly readPixels?: () => Promise<Pixels | undefined>
}
