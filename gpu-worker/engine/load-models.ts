// From model folders to pipelines that have proved they work: hashes checked, graphs loaded, one picture made end to end.
import type { ModelManifest } from '#contracts/model-manifest.ts'
import type { Recipe } from '#contracts/recipe.ts'
import { loadPipeline, type Pipeline } from '#diffusion/pipelines/pipeline.ts'
import { runToEnd } from '#diffusion/pipelines/run-to-end.ts'
import type { Runtime } from '#diffusion/runtime/runtime.ts'
import { trialRecipe } from '#recipes/trial-recipe.ts'
import { type InstalledModel, verifyModel } from '../models/installed-models.ts'
import { findNetworkFiles } from '../models/installed-networks.ts'
import type { LoadedModel } from './engine.ts'
import { ModelPipelines } from './model-pipelines.ts'

/**
 * Verifies and loads the models one after the other; rejects on the first that is not what its manifest says.
 * @param modelsDir where LoRAs and embeddings are looked for when a recipe needs them, so that new ones need no restart.
 */
export async function loadModels(
  runtime: Runtime,
  models: readonly InstalledModel[],
  modelsDir: string,
): Promise<LoadedModel[]> {
  const loaded: LoadedModel[] = []
  for (const model of models) {
    const { manifest, files } = model
    await verifyModel(model)
    const pipeline = await loadPipeline({ runtime, files, manifest })
    await warmUp(pipeline, manifest)
    const pipelines = new ModelPipelines({
      plain: pipeline,
      findNetworks: (recipe) => findNetworkFiles(modelsDir, recipe),
      loadWith: (networks) => loadPipeline({ runtime, files, manifest, networks }),
    })
    loaded.push({ id: manifest.id, hash: manifest.hash, name: manifest.name, pipelines })
  }
  return loaded
}

/**
 * One step from a grey picture: touches every graph once, so that a broken one or one on the wrong device is found before
 * the first claim, and the first person does not pay for the allocations.
 */
async function warmUp(pipeline: Pipeline, manifest: ModelManifest): Promise<void> {
  const recipe: Recipe = { ...trialRecipe(manifest, { steps: 1 }), input: { hash: '0'.repeat(64), strength: 1 } }
  const { width, height } = recipe
  const rgb = new Uint8Array(width * height * 3).fill(128)
  await runToEnd(await pipeline.start({ recipe, input: { width, height, rgb } }))
}
