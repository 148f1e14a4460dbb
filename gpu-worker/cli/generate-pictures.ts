// Words, or a recipe file and what is changed about it → PNG files. The model is loaded once, after every rule was checked.
import { isDeepStrictEqual } from 'node:util'
import type { Recipe } from '#contracts/recipe.ts'
import { recipeHash } from '#recipes/hash.ts'
import { networksOf } from '#recipes/prompt/networks.ts'
import type { EngineEnv } from '../env.ts'
import { type GenerateArguments, UsageError } from './arguments.ts'
import { chooseNetworks } from './choose-networks.ts'
import type { MadePicture } from './make-picture.ts'
import { makeWithProgress, openEngine } from './open-engine.ts'
import { chooseOutputs, writeOutput } from './output-files.ts'
import { readRunImages } from './read-input.ts'
import { chooseModel, readRecipeFile } from './recipe-file.ts'
import { buildRecipes, chooseSize } from './recipes.ts'

export async function generatePictures(args: GenerateArguments, env: EngineEnv, signal: AbortSignal): Promise<void> {
  // 1. What to make, and where to; every rule is checked before the model is loaded.
  const file =
    args.recipePath === undefined ? undefined : await readRecipeFile('--recipe', args.recipePath, env.MODELS_DIR)
  const { installed, notes: modelNotes } = await chooseModel(env.MODELS_DIR, args.modelId, file)
  const { manifest } = installed
  const base = file?.base ?? {}
  if (args.prompt === undefined && base.prompt === undefined)
    throw new UsageError(`--recipe: ${args.recipePath} says no prompt; write one beside it`)
  const own = file?.own && { recipe: file.own, path: file.path, option: '--recipe' }
  const images = await readRunImages(args, own, chooseSize(args, base, manifest))
  const { networks, notes: networkNotes } = await chooseNetworks(args, base, env.MODELS_DIR)
  const recipes = buildRecipes(
    args,
    { ...base, networks },
    manifest,
    images && { ...images.named, strength: file?.strength },
  )
  const outputs = await chooseOutputs(
    { ...args, prompt: recipes[0]?.prompt },
    recipes.map((recipe) => recipe.seed),
  )
  const notes = [...(file?.notes ?? []), ...modelNotes, ...networkNotes]
  if (!args.json) for (const note of notes) process.stderr.write(`${note}\n`)

  // 2. The model, byte for byte the one its manifest names.
  const [firstRecipe] = recipes
  if (firstRecipe === undefined) throw new UsageError('At least one seed')
  let { pipeline, times, loadMs } = await openEngine(installed, firstRecipe, env, signal)
  let loaded = networksOf(firstRecipe)

  // 3. One picture after the other, each written when it is whole.
  const pictures: ({ file: string; recipe: Recipe } & MadePicture)[] = []
  try {
    for (const [index, recipe] of recipes.entries()) {
      const path = outputs[index] ?? ''
      // `{<lora:a:1>|<lora:b:1>}` draws other weights for another seed.
      if (!isDeepStrictEqual(networksOf(recipe), loaded)) {
        await pipeline.dispose()
        ;({ pipeline, times, loadMs } = await openEngine(installed, recipe, env, signal))
        loaded = networksOf(recipe)
      }
      const made = await makeWithProgress({
        pipeline,
        recipe,
        modelName: manifest.name,
        input: images?.input,
        mask: images?.mask,
        signal,
        label: path,
      })
      await writeOutput(path, made.picture.png, args.force)
      pictures.push({ file: path, recipe, ...made })
      if (!args.json) process.stdout.write(`${path}  (seed ${recipe.seed})\n`)
    }
  } finally {
    await pipeline.dispose()
  }
  if (args.json) process.stdout.write(`${JSON.stringify(await report(), null, 2)}\n`)

  async function report() {
    return {
      model: { id: manifest.id, hash: manifest.hash, loadMs },
      provider: env.EXECUTION_PROVIDER,
      notes,
      pictures: await Promise.all(
        pictures.map(async ({ file, recipe, picture, timings }) => ({
          file,
          recipe,
          recipeHash: await recipeHash(recipe),
          sha256: picture.sha256,
          sizeBytes: picture.png.length,
          timings,
        })),
      ),
      graphs: Object.fromEntries(times),
    }
  }
}
