// Options of readRecipe for tests: no models installed, samplers by the names all programs use.
import type { ReadRecipeOptions } from '#recipes/metadata/recipe-report.ts'

export const options: ReadRecipeOptions = {
  knownModels: [],
}
