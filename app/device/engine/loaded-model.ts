// A model ready to run on this device: its stored weights, checked, in sessions of one provider.
import type { ModelManifest } from '#contracts/model-manifest.ts'
import { loadPipeline, type Pipeline } from '#diffusion/pipelines/pipeline.ts'
import type { Plan } from './assess.ts'
import { LOSS_TOLD_WITHIN_MS, type OpenGpu } from './open-gpu.ts'
import { cacheText } from './ort/cache-text.ts'
import { releaseIdle } from './ort/release-idle.ts'
import { createWebRuntime, type OrtModule } from './ort/web-runtime.ts'
import { readWeights } from './weights/read-weights.ts'
import type { WeightStore } from './weights/weight-store.ts'

/** Graphs below this stay loaded together; half of what a phone's browser gives one page. */
const RESIDENT_BYTES = 600e6

export interface OrtOfWorker {
  readonly ort: OrtModule
  readonly gpu: OpenGpu | undefined
}

export interface LoadedModel {
  readonly pipeline: Pipeline
  /** Milliseconds spent inside the graphs since the model was loaded. */
  graphsMs(): number
}

export async function loadModel(
  { ort, gpu }: OrtOfWorker,
  store: WeightStore,
  manifest: ModelManifest,
  { provider, chosen }: Plan,
): Promise<LoadedModel> {
  let graphsMs = 0
  const onRun = (ms: number) => {
    graphsMs += ms
  }
  const runtime = createWebRuntime({ ort, provider, ...gpu, lossToldWithinMs: LOSS_TOLD_WITHIN_MS, onRun })
  const pipeline = await loadPipeline({
    runtime: cacheText(releaseIdle(runtime, RESIDENT_BYTES)),
    files: readWeights(store, chosen),
    manifest,
  })
  return { pipeline, graphsMs: () => graphsMs }
}
