// The settings of a recipe most pictures do without. null means what an absent one means to the recipe; what the chosen sampler
// does not take is kept in the draft and left out of the request.
import { z } from 'zod'
import type { CreateGenerationRequest } from '#contracts/generation.ts'
import type { Recipe } from '#contracts/recipe.ts'
import {
  nullableShape,
  OPTIONAL_SETTING_NAMES,
  OPTIONAL_SETTINGS,
  type OptionalSetting,
  type Sampling,
} from '#contracts/settings.ts'

export const optionalSettingsSchema = z.object(nullableShape)
/** Of a variation of strength 0 the seed is kept for when there is one again. */
export type OptionalSettings = z.infer<typeof optionalSettingsSchema>

const each = (read: (name: OptionalSetting) => unknown) =>
  Object.fromEntries(OPTIONAL_SETTING_NAMES.map((name) => [name, read(name)])) as OptionalSettings

export const NO_OPTIONAL_SETTINGS: OptionalSettings = each(() => null)

type OptionalRequest = Pick<CreateGenerationRequest, OptionalSetting>

/** What is set and can change the picture, as the request carries it. */
export function optionalRequest(settings: OptionalSettings, sampling: Sampling): OptionalRequest {
  const set = OPTIONAL_SETTING_NAMES.filter(
    (name) => settings[name] !== null && OPTIONAL_SETTINGS[name].usual(sampling) !== undefined,
  )
  const request: OptionalRequest = Object.fromEntries(set.map((name) => [name, settings[name]]))
  if (request.variation?.strength === 0) delete request.variation
  return request
}

export function changedOptionalSettings(settings: OptionalSettings, sampling: Sampling): number {
  return Object.keys(optionalRequest(settings, sampling)).length
}

/** A recipe's own; Philox is what no choice means. */
export function optionalSettingsOf(recipe: Recipe): OptionalSettings {
  return { ...each((name) => recipe[name] ?? null), noise: recipe.noise === 'philox' ? null : recipe.noise }
}
