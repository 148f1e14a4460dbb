// The settings of a recipe most pictures do without. null means what an absent one means to the recipe; what the chosen sampler
// does not take is kept in the draft and left out of the request.
import { z } from 'zod'
import type { CreateGenerationRequest } from '#contracts/generation.ts'
import { type Recipe, recipeSchema, weightingSchema } from '#contracts/recipe.ts'
import type { SamplerId, ScheduleId } from '#contracts/samplers.ts'
import { OPTIONAL_FIELDS } from '#recipes/metadata/recipe-report.ts'
import { defaultRho, type SamplerOption, takesOption } from '#recipes/sampler-options.ts'

const { noise, variation, tiling, eta, sChurn, sNoise, sdeNoise, rho, zeroTerminalSnr, guidanceRescale } =
  recipeSchema.shape

export const optionalSettingsSchema = z.object({
  weighting: weightingSchema.nullable(),
  noise: noise.nullable(),
  /** Strength 0: none, the seed kept for when there is one again. */
  variation: variation.unwrap().nullable(),
  tiling: tiling.unwrap().nullable(),
  eta: eta.unwrap().nullable(),
  sChurn: sChurn.unwrap().nullable(),
  sNoise: sNoise.unwrap().nullable(),
  sdeNoise: sdeNoise.unwrap().nullable(),
  rho: rho.unwrap().nullable(),
  zeroTerminalSnr: zeroTerminalSnr.unwrap().nullable(),
  guidanceRescale: guidanceRescale.unwrap().nullable(),
})
export type OptionalSettings = z.infer<typeof optionalSettingsSchema>
type OptionalField = keyof OptionalSettings

export const NO_OPTIONAL_SETTINGS: OptionalSettings = {
  weighting: null,
  noise: null,
  variation: null,
  tiling: null,
  eta: null,
  sChurn: null,
  sNoise: null,
  sdeNoise: null,
  rho: null,
  zeroTerminalSnr: null,
  guidanceRescale: null,
}

const FIELDS: readonly OptionalField[] = ['weighting', ...OPTIONAL_FIELDS]
const SAMPLER_OPTIONS: ReadonlySet<OptionalField> = new Set<SamplerOption>(['eta', 'sChurn', 'sNoise', 'sdeNoise'])

export interface Sampling {
  readonly sampler: SamplerId
  readonly schedule: ScheduleId
  readonly guidanceScale: number
}

/** Whether a setting can change the picture beside these others. */
export function hasEffect(field: OptionalField, { sampler, schedule, guidanceScale }: Sampling): boolean {
  if (SAMPLER_OPTIONS.has(field)) return takesOption(sampler, field as SamplerOption)
  if (field === 'rho') return defaultRho(schedule) !== undefined
  // At 1 nothing is guided, so nothing is to be pulled back.
  if (field === 'guidanceRescale') return guidanceScale !== 1
  return true
}

type OptionalRequest = Pick<CreateGenerationRequest, OptionalField>

/** What is set and has an effect, as the request carries it. */
export function optionalRequest(settings: OptionalSettings, sampling: Sampling): OptionalRequest {
  const set = FIELDS.filter((field) => settings[field] !== null && hasEffect(field, sampling))
  const request: OptionalRequest = Object.fromEntries(set.map((field) => [field, settings[field]]))
  if (request.variation?.strength === 0) delete request.variation
  return request
}

export function changedOptionalSettings(settings: OptionalSettings, sampling: Sampling): number {
  return Object.keys(optionalRequest(settings, sampling)).length
}

/** A recipe's own; Philox is what no choice means. */
export function optionalSettingsOf(recipe: Recipe): OptionalSettings {
  const given = Object.fromEntries(FIELDS.map((field) => [field, recipe[field] ?? null]))
  return { ...NO_OPTIONAL_SETTINGS, ...given, noise: recipe.noise === 'philox' ? null : recipe.noise }
}
