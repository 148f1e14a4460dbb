// Recipes of older programs, brought up to the version this one reads. Pictures carry their recipe for good, so a change of the schema
// that old ones would break on raises the version and adds the step from the one before here.

export const RECIPE_VERSION = 1

/** From version n, its index plus 1, to n + 1. May not look at anything but the recipe. */
export type RecipeStep = (recipe: Readonly<Record<string, unknown>>) => Record<string, unknown>

/** Version 1 is the first, so there is no step yet. */
const STEPS: readonly RecipeStep[] = []

/**
 * The recipe in the newest version; checking it against the schema comes after.
 * @throws TypeError when it says no version, or one this program does not know.
 */
export function upgradeRecipe(
  recipe: Readonly<Record<string, unknown>> | undefined,
  steps: readonly RecipeStep[] = STEPS,
): Record<string, unknown> {
  const newest = steps.length + 1
  const version = recipe?.version
  if (
    recipe === undefined ||
    typeof version !== 'number' ||
    !Number.isInteger(version) ||
    version < 1 ||
    version > newest
  )
    throw new TypeError(
      `The recipe has version ${JSON.stringify(version)}; this Dewpoint reads ${newest === 1 ? 'version 1' : `versions 1 to ${newest}`}`,
    )
  return steps
    .slice(version - 1)
    .reduce((older, step, at) => ({ ...step(older), version: version + at + 1 }), { ...recipe })
}
