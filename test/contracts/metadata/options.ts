// Options of readRecipe for tests: no models installed, samplers by the names all programs use.
import type { ReadRecipeOptions } from '#contracts/metadata/read-recipe.ts'

export const options: ReadRecipeOptions = { knownModels: [] }
