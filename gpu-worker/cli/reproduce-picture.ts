// A picture → its own recipe run again, and the plain statement of whether the same came out. Writes nothing unless --out is given.
import { createHash } from 'node:crypto'
import type { Recipe } from '#contracts/recipe.ts'
import { type Comparison, comparePictures } from '#diffusion/images/compare-pictures.ts'
import { recipeHash } from '#recipes/hash.ts'
import type { EngineEnv } from '../env.ts'
import { type GenerateArguments, UsageError } from './arguments.ts'
import { decodePicture } from './decode-picture.ts'
import { makeWithProgress, openEngine } from './open-engine.ts'
import { chooseOutputs, writeOutput } from './output-files.ts'
import { readRunImages } from './read-input.ts'
import { chooseModel, type RecipeFile, readRecipeFile } from './recipe-file.ts'

/** @returns whether the pixels are the same. @throws UsageError when the picture or what stands beside it does not allow a run. */
export async function reproducePicture(
  path: string,
  args: GenerateArguments,
  env: EngineEnv,
  signal: AbortSignal,
): Promise<boolean> {
  // 1. The picture, its recipe, and everything that recipe needs.
  const file = await readRecipeFile('--reproduce', path, env.MODELS_DIR)
  const own = ownRecipe(file)
  const there = await decodePicture(file.bytes).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new UsageError(`--reproduce: ${path} could not be read as a picture (${reason})`, { cause })
  })
  const { installed, notes } = await chooseModel(env.MODELS_DIR, args.modelId, file)
  const { id, hash, name } = installed.manifest
  // The recipe as it is, so that the same bytes can come out, unless another model was asked for by name.
  const recipe: Recipe = own.model.hash === hash ? own : { ...own, model: { id, hash } }
  if (args.image !== undefined && own.input === undefined)
    throw new UsageError(`--image: ${path} did not start from a picture`)
  if (args.mask !== undefined && own.mask === undefined) throw new UsageError(`--mask: ${path} was made without one`)
  const images = await readRunImages(args, { recipe: own, path, option: '--reproduce' }, own)
  const [out] = args.out === undefined ? [] : await chooseOutputs(args, [recipe.seed])
  if (!args.json) for (const note of notes) process.stderr.write(`${note}\n`)

  // 2. The same recipe again.
  const { pipeline, loadMs } = await openEngine(installed, recipe, env, signal)
  const { picture, timings } = await makeWithProgress({
    pipeline,
    recipe,
    modelName: name,
    input: images?.input,
    mask: images?.mask,
    signal,
    label: path,
  }).finally(() => pipeline.dispose())
  if (out !== undefined) await writeOutput(out, picture.png, args.force)

  // 3. What came out, held against what was there.
  const sha256 = createHash('sha256').update(file.bytes).digest('hex')
  const bytesMatch = sha256 === picture.sha256
  const comparison = comparePictures(there, await decodePicture(picture.png))
  if (args.json) {
    const report = {
      file: { path, format: file.format, sha256, width: there.width, height: there.height },
      made: { path: out ?? null, sha256: picture.sha256, width: picture.width, height: picture.height, timings },
      bytesMatch,
      ...comparison,
      recipe,
      recipeHash: await recipeHash(recipe),
      model: { id, hash, loadMs },
      provider: env.EXECUTION_PROVIDER,
      notes,
    }
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
  } else {
    const sizes = `${there.width}x${there.height} there, ${picture.width}x${picture.height} made`
    process.stdout.write(`${path}: ${inWords(bytesMatch, comparison, file, sizes)}\n`)
  }
  return comparison.pixelsMatch
}

function inWords(bytesMatch: boolean, comparison: Comparison, { format }: RecipeFile, sizes: string): string {
  if (bytesMatch) return 'reproduced, the bytes are the same'
  const { pixelsMatch, valueCount, differingCount, largestDifference, psnrDb } = comparison
  if (pixelsMatch) return 'reproduced, the pixels are the same; the files differ around them'
  if (psnrDb === null) return `not reproduced, the sizes differ: ${sizes}`
  const why = format === 'jpeg' || format === 'avif' ? `; ${format.toUpperCase()} keeps pixels only roughly` : ''
  return `the pixels differ in ${differingCount} of ${valueCount} values, by at most ${largestDifference} of 255; PSNR ${psnrDb.toFixed(2)} dB${why}`
}

function ownRecipe({ own, path, format }: RecipeFile): Recipe {
  if (format === 'text')
    throw new UsageError(`--reproduce: ${path} is text, with no pixels to compare; --recipe makes it`)
  if (own === undefined)
    throw new UsageError(
      `--reproduce: ${path} holds another program's recipe, which does not say everything; --recipe makes what it says`,
    )
  if (own.count !== 1) throw new UsageError(`--reproduce: the recipe in ${path} is of ${own.count} pictures`)
  return own
}
