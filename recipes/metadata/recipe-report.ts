// The report on a picture's recipe, as the Studio shows it before its form changes: plain data.
import type { Recipe, Weighting } from '#contracts/recipe.ts'
import type { SamplerId, ScheduleId } from '#contracts/samplers.ts'
import type { ResolvedSampler } from '../sampler-names.ts'
import type { Dialect, Ignored } from './foreign-recipe.ts'
import type { KnownModel } from './match-model.ts'
import type { FileFormat } from './read-texts.ts'
import type { Pixels } from './stealth.ts'

/** What the Studio's form takes over; a field left out stays as it is. */
export interface RecipeFields {
  modelId?: string
  prompt?: string
  negativePrompt?: string
  seed?: number
  steps?: number
  sampler?: SamplerId
  schedule?: ScheduleId
  guidanceScale?: number
  width?: number
  height?: number
  strength?: number
  weighting?: Weighting
  noise?: Recipe['noise']
  variation?: { seed: number; strength: number }
  tiling?: NonNullable<Recipe['tiling']>
  eta?: number
  sdeNoise?: NonNullable<Recipe['sdeNoise']>
  sChurn?: number
  sNoise?: number
  rho?: number
  zeroTerminalSnr?: boolean
  guidanceRescale?: number
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

/** What a form without the optional settings takes. */
export const BASIC_FIELDS: readonly RecipeField[] = [
  'modelId',
  'prompt',
  'negativePrompt',
  'seed',
  'steps',
  'sampler',
  'schedule',
  'guidanceScale',
  'width',
  'height',
  'strength',
  'weighting',
]

/** What a form with every setting takes besides. */
export const OPTIONAL_FIELDS = [
  'noise',
  'variation',
  'tiling',
  'eta',
  'sChurn',
  'sNoise',
  'sdeNoise',
  'rho',
  'zeroTerminalSnr',
  'guidanceRescale',
] as const satisfies readonly RecipeField[]

/** Another program's sampler name, and its schedule's where it has one of its own, → ours; undefined where there is none. */
export type ResolveSampler = (
  sampler: string,
  schedule: string | undefined,
  dialect: Dialect,
) => ResolvedSampler | undefined

export interface ReadRecipeOptions {
  readonly knownModels: readonly KnownModel[]
  /** Fields the form has; what the file holds beyond them is reported as ignored. Default BASIC_FIELDS. */
  readonly formFields?: readonly RecipeField[]
  /** Default: the names in recipes/sampler-names.ts. */
  readonly samplers?: ResolveSampler
  /** Decoded pixels, asked for only where no text holds a recipe: NovelAI hides a copy in them. */
  readonly readPixels?: () => Promise<Pixels | undefined>
}
