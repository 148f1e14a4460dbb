// The core's front door: a loaded model that starts runs. See start-run.ts and denoising-run.ts for the eleven stages.
import type { Recipe } from '#contracts/recipe.ts'
import { loadModel } from '../model/load-model.ts'
import type { LoadModelOptions } from '../model/load-options.ts'
import type { RecipeImages } from './check-recipe.ts'
import { openRun } from './open-run.ts'
import type { Run } from './run.ts'
import { readSnapshot } from './snapshot.ts'

export interface ResumeOptions extends RecipeImages {
  /** Ends the run with an AbortedError, at the latest after the call that is under way. */
  readonly signal?: AbortSignal | undefined
}

export interface StartOptions extends ResumeOptions {
  /** Recipe of one image: count 1. */
  readonly recipe: Recipe
}

export interface Pipeline {
  /** Whether `run.previewDecoded()` works; `run.preview()` always does. */
  readonly hasPreviewDecoder: boolean
  /**
   * Stages 1 to 7.
   * @throws RangeError where the model cannot make the recipe, AbortedError, or a named error where a graph fails.
   */
  start(options: StartOptions): Promise<Run>
  /** Goes on from `run.snapshot()`, bit for bit, given the images the run was started with. */
  resume(snapshot: unknown, options?: ResumeOptions): Promise<Run>
  /** Frees every graph; runs of this pipeline end with it. */
  dispose(): Promise<void>
}

export async function loadPipeline(options: LoadModelOptions): Promise<Pipeline> {
  const model = await loadModel(options)
  return {
    hasPreviewDecoder: model.previewDecoder !== undefined,
    start: (start) => openRun(model, start),
    resume(snapshot, resume = {}) {
      const state = readSnapshot(snapshot)
      return openRun(model, { ...resume, recipe: state.recipe, state })
    },
    dispose: () => model.dispose(),
  }
}
