// `npm run generate -- "a panda eating tacos at the beach"`: the core from the command line, without database or web.
// Exit codes: 0 made, 1 failed, 2 the input breaks a rule, 130 stopped with Ctrl-C.
import { readFile } from 'node:fs/promises'
import { SingleBar } from 'cli-progress'
import { DewpointError } from '#contracts/errors.ts'
import { type Recipe, recipeHash } from '#contracts/recipe.ts'
import { AbortedError } from '#diffusion/errors.ts'
import type { RgbImage } from '#diffusion/pipelines/images.ts'
import { loadPipeline } from '#diffusion/pipelines/pipeline.ts'
import { type EngineEnv, readEngineEnv } from '../env.ts'
import { findInstalledModel, verifyModel } from '../models/installed-models.ts'
import { decodeInput } from '../picture/decode-input.ts'
import { prepareInput } from '../picture/prepare-input.ts'
import { createOnnxRuntime } from '../runtime/onnx-runtime.ts'
import { timeRuntime } from '../runtime/timed-runtime.ts'
import { type GenerateArguments, parseGenerateArguments, USAGE, UsageError } from './arguments.ts'
import { type MadePicture, makePicture } from './make-picture.ts'
import { chooseOutputs, writeOutput } from './output-files.ts'
import { buildRecipes, chooseSize } from './recipes.ts'

const now = () => performance.now()

async function generate(args: GenerateArguments, env: EngineEnv, signal: AbortSignal) {
  // 1. What to make, and where to; every rule is checked before the model is loaded.
  const installed = await findInstalledModel(env.MODELS_DIR, args.modelId)
  const { manifest, files } = installed
  const input = args.image === undefined ? undefined : await readInput(args.image.path, chooseSize(args, manifest))
  const recipes = buildRecipes(args, manifest, input?.sha256)
  const outputs = await chooseOutputs(
    args,
    recipes.map((recipe) => recipe.seed),
  )

  // 2. The model, byte for byte the one its manifest names.
  const loadStartedMs = now()
  await verifyModel(installed)
  const mustRunOn = env.EXECUTION_PROVIDER === 'cuda' ? { mustRunOn: 'CUDAExecutionProvider' as const } : {}
  const { runtime, times } = timeRuntime(
    createOnnxRuntime({ provider: env.EXECUTION_PROVIDER, threads: env.WORKER_THREADS, ...mustRunOn }),
    now,
  )
  const pipeline = await loadPipeline({ runtime, files, manifest, signal })
  const loadMs = now() - loadStartedMs

  // 3. One picture after the other, each written when it is whole.
  const pictures: ({ file: string; recipe: Recipe } & MadePicture)[] = []
  try {
    for (const [index, recipe] of recipes.entries()) {
      const file = outputs[index] ?? ''
      const bar = new SingleBar({
        format: `${file} [{bar}] step {value} of {total}`,
        hideCursor: true,
        clearOnComplete: true,
      })
      try {
        const made = await makePicture({
          pipeline,
          recipe,
          modelName: manifest.name,
          input: input?.image,
          signal,
          now,
          onStart: (callCount) => bar.start(callCount, 0),
          onStep: (callIndex) => bar.update(callIndex),
        })
        await writeOutput(file, made.picture.png, args.force)
        pictures.push({ file, recipe, ...made })
      } finally {
        bar.stop()
      }
      if (!args.json) process.stdout.write(`${file}  (seed ${recipe.seed})\n`)
    }
  } finally {
    await pipeline.dispose()
  }
  if (args.json) process.stdout.write(`${JSON.stringify(await report(), null, 2)}\n`)

  async function report() {
    return {
      model: { id: manifest.id, hash: manifest.hash, loadMs },
      provider: env.EXECUTION_PROVIDER,
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

async function readInput(
  path: string,
  size: { width: number; height: number },
): Promise<{ image: RgbImage; sha256: string }> {
  const file = await readFile(path).catch((cause: unknown) => {
    throw new UsageError(`--image: ${path} cannot be read`, { cause })
  })
  try {
    const { png, sha256 } = await prepareInput(file, size)
    return { image: await decodeInput(png, size), sha256 }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new UsageError(
      `--image: ${path} could not be read as a picture (${reason}). PNG, JPEG, WebP and AVIF work.`,
      { cause },
    )
  }
}

/** What went wrong in words, and the exit code that says whose turn it is. */
function explain(error: unknown): { message: string; exitCode: number } {
  if (error instanceof AbortedError)
    return { message: 'Stopped; the picture in the making was not written.', exitCode: 130 }
  const message = error instanceof Error ? error.message : String(error)
  const isUsage = error instanceof UsageError || error instanceof RangeError || error instanceof DewpointError
  return { message, exitCode: isUsage ? 2 : 1 }
}

const controller = new AbortController()
process.once('SIGINT', () => {
  // The second Ctrl-C finds the default handler and ends the process at once.
  process.stderr.write('\nStopping after this step …\n')
  controller.abort()
})
try {
  const args = parseGenerateArguments(process.argv.slice(2))
  if (args === null) process.stdout.write(`${USAGE}\n`)
  else await generate(args, readEngineEnv(), controller.signal)
} catch (error) {
  const { message, exitCode } = explain(error)
  process.stderr.write(`${message}\n`)
  process.exitCode = exitCode
}
