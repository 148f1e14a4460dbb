// Any picture → what of its recipe Dewpoint can use, as a report the Studio shows before the form changes: restored, translated,
// ignored and why, which model is missing, and what was wrong with the file.
import { readForeign } from './dialects/index.ts'
import { readTexts } from './read-texts.ts'
import type { ReadRecipeOptions, RecipeReport } from './recipe-report.ts'
import { ReportBuilder } from './report-builder.ts'

/** Never throws for anything in the file: what is wrong with it is in `problems`. */
export async function readRecipe(file: Uint8Array, options: ReadRecipeOptions): Promise<RecipeReport> {
  const { format, entries, problems: fileProblems } = await readTexts(file)
  const found = await readForeign(entries, format === 'text' ? undefined : options.readPixels)
  const builder = new ReportBuilder()
  const problems = [...fileProblems, ...found.problems]
  if (found.recipe !== undefined) {
    const missingModel = builder.addOwn(found.recipe, options.knownModels)
    return {
      ...builder.parts,
      format,
      dialect: 'dewpoint',
      software: 'Dewpoint',
      recipe: found.recipe,
      missingModel,
      problems,
    }
  }
  const foreign = found.foreign
  if (foreign === undefined) {
    if (format !== undefined && problems.length === 0) problems.push('The file holds no recipe')
    return {
      ...builder.parts,
      format,
      dialect: undefined,
      software: undefined,
      recipe: undefined,
      missingModel: null,
      problems,
    }
  }
  const missingModel = builder.addForeign(foreign, options)
  return {
    ...builder.parts,
    format,
    dialect: foreign.dialect,
    software: foreign.software,
    recipe: undefined,
    missingModel,
    problems: [...problems, ...foreign.problems],
  }
}
