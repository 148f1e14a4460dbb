// Options of readRecipe for tests: no models installed, a form with every field, samplers by the names all programs use.
import { BASIC_FIELDS, OPTIONAL_FIELDS, type ReadRecipeOptions } from '#recipes/metadata/recipe-report.ts'

export const options: ReadRecipeOptions = {
  knownModels: [],
  formFields: [...BASIC_FIELDS, ...OPTIONAL_FIELDS],
}
