// A file that holds a recipe, ours or another program's → what to make of it, with everything that could not be taken over said.
import { readFile, stat } from 'node:fs/promises'
import sharp from 'sharp'
import { UPLOAD_PIXELS_MAX, UPLOAD_SIZE_MAX_BYTES } from '#contracts/limits.ts'
import type { Recipe } from '#contracts/recipe.ts'
import { readRecipe } from '#recipes/metadata/read-recipe.ts'
import type { FileFormat } from '#recipes/metadata/read-texts.ts'
import type { RecipeReport } from '#recipes/metadata/recipe-report.ts'
import { findInstalledModel, type InstalledModel, listInstalledModels } from '../models/installed-models.ts'
import { UsageError } from './arguments.ts'
import type { RecipeBase } from './recipes.ts'

export interface RecipeFile {
  readonly path: string
  readonly format: FileFormat | undefined
  readonly bytes: Uint8Array<ArrayBuffer>
  /** The whole recipe, where the file holds one of ours. */
  readonly own: Recipe | undefined
  readonly base: RecipeBase
  /** How far to leave an input picture behind, where the file says so. */
  readonly strength: number | undefined
  /** Id of the installed model it means; undefined where it names none, or one that is not installed. */
  readonly modelId: string | undefined
  readonly missingModel: RecipeReport['missingModel']
  /** Hash of the model it names, where it is complete. */
  readonly modelHash: string | undefined
  /** What was translated or ignored, a line each; of our own recipes nothing is. */
  readonly notes: readonly string[]
}

/** @param option how the person named the file. @throws UsageError when it cannot be read or holds no recipe. */
export async function readRecipeFile(option: string, path: string, modelsDir: string): Promise<RecipeFile> {
  const bytes = await readBytes(option, path)
  const models = await listInstalledModels(modelsDir)
  const report = await readRecipe(bytes, {
    knownModels: models.map(({ manifest }) => manifest),
    readPixels: () => readPixels(bytes),
  })
  const { format, recipe: own, fields, missingModel } = report
  if (report.dialect === undefined)
    throw new UsageError(
      `${option}: ${path} holds no recipe that can be read: ${report.problems.join('; ') || 'nothing in it looks like one'}`,
    )
  const { modelId, strength, ...foreignBase } = fields
  const { model, input, mask: _mask, version: _version, ...ownBase } = own ?? {}
  return {
    path,
    format,
    bytes,
    own,
    base: own === undefined ? foreignBase : ownBase,
    strength: own === undefined ? strength : input?.strength,
    modelId,
    missingModel,
    modelHash: model?.hash,
    notes: own === undefined ? notesOf(report) : [],
  }
}

/** The model the file means, or the one asked for by name instead. @throws UsageError when neither is installed. */
export async function chooseModel(
  modelsDir: string,
  asked: string | undefined,
  file: RecipeFile | undefined,
): Promise<{ installed: InstalledModel; notes: readonly string[] }> {
  if (file === undefined) return { installed: await findInstalledModel(modelsDir, asked), notes: [] }
  if (asked === undefined && file.missingModel !== null) throw await missingModelError(modelsDir, file)
  const installed = await findInstalledModel(modelsDir, asked ?? file.modelId)
  const { id, hash } = installed.manifest
  const isOther = file.missingModel !== null || (file.modelId !== undefined && file.modelId !== id)
  if (!isOther || file.modelHash === hash) return { installed, notes: [] }
  const wanted = file.missingModel === null ? file.modelId : named(file.missingModel)
  return { installed, notes: [`${file.path} names the model ${wanted}; made with ${id} (${hash}), as asked`] }
}

async function missingModelError(modelsDir: string, { path, missingModel }: RecipeFile): Promise<UsageError> {
  const models = (await listInstalledModels(modelsDir)).map(({ manifest: { id, hash } }) => ({ name: id, hash }))
  const installed = models.map(named).join(', ')
  const wanted = missingModel === null ? '' : named(missingModel)
  return new UsageError(
    `${path} was made with the model ${wanted}, which is not installed; installed: ${installed || 'none'}. --model ID makes it with an installed one, and another picture comes out.`,
  )
}

function named({ name, hash }: NonNullable<RecipeReport['missingModel']>): string {
  return [name, hash === undefined ? undefined : `(${hash})`].filter((part) => part !== undefined).join(' ')
}

async function readBytes(option: string, path: string): Promise<Uint8Array<ArrayBuffer>> {
  const facts = await stat(path).catch((cause: unknown) => {
    throw new UsageError(`${option}: ${path} cannot be read`, { cause })
  })
  if (!facts.isFile()) throw new UsageError(`${option}: ${path} is no file`)
  if (facts.size > UPLOAD_SIZE_MAX_BYTES)
    throw new UsageError(`${option}: ${path} has ${facts.size} bytes; up to ${UPLOAD_SIZE_MAX_BYTES} are read`)
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new UsageError(`${option}: ${path} cannot be read`, { cause })
  })
  return new Uint8Array(bytes)
}

async function readPixels(file: Uint8Array) {
  const { data, info } = await sharp(file, { limitInputPixels: UPLOAD_PIXELS_MAX })
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  return { width: info.width, height: info.height, rgba: new Uint8Array(data) }
}

function notesOf({ translated, ignored, problems }: RecipeReport): string[] {
  return [
    ...translated.map(({ field, from, to, reason }) => `${field}: ${from} became ${to}. ${reason}`),
    ...ignored.map(({ name, value, reason }) => `${name}${value === '' ? '' : ` ${value}`} is not used. ${reason}`),
    ...problems,
  ]
}
