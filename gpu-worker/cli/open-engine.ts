// The installed model, byte for byte the one its manifest names, loaded and ready to run; and one picture made with a progress bar.
import { SingleBar } from 'cli-progress'
import type { Recipe } from '#contracts/recipe.ts'
import { loadPipeline } from '#diffusion/pipelines/pipeline.ts'
import type { EngineEnv } from '../env.ts'
import { type InstalledModel, verifyModel } from '../models/installed-models.ts'
import { findNetworkFiles } from '../models/installed-networks.ts'
import { createOnnxRuntime } from '../runtime/onnx-runtime.ts'
import { timeRuntime } from '../runtime/timed-runtime.ts'
import { type MadePicture, type MakePictureOptions, makePicture } from './make-picture.ts'

const now = () => performance.now()

/** Loaded for the recipe's LoRAs and embeddings; the caller disposes the pipeline. `times`: what each graph cost; `loadMs`: verifying and loading. */
export async function openEngine(installed: InstalledModel, recipe: Recipe, env: EngineEnv, signal: AbortSignal) {
  const startedMs = now()
  const networks = await findNetworkFiles(env.MODELS_DIR, recipe)
  await verifyModel(installed)
  const mustRunOn = env.EXECUTION_PROVIDER === 'cuda' ? { mustRunOn: 'CUDAExecutionProvider' as const } : {}
  const { runtime, times } = timeRuntime(
    createOnnxRuntime({ provider: env.EXECUTION_PROVIDER, threads: env.WORKER_THREADS, ...mustRunOn }),
    now,
  )
  const { manifest, files } = installed
  const pipeline = await loadPipeline({ runtime, files, manifest, networks, signal })
  return { pipeline, times, loadMs: now() - startedMs }
}

export interface MakeWithProgressOptions extends Omit<MakePictureOptions, 'now' | 'onStart' | 'onStep'> {
  /** Stands before the bar. */
  readonly label: string
}

export async function makeWithProgress({ label, ...options }: MakeWithProgressOptions): Promise<MadePicture> {
  const bar = new SingleBar({
    format: `${label} [{bar}] step {value} of {total}`,
    hideCursor: true,
    clearOnComplete: true,
  })
  try {
    return await makePicture({
      ...options,
      now,
      onStart: (callCount) => bar.start(callCount, 0),
      onStep: (callIndex) => bar.update(callIndex),
    })
  } finally {
    bar.stop()
  }
}
