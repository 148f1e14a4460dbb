// The core's front door: a loaded model that starts runs. See start-run.ts and run.ts for the eleven stages.
import { type LoadModelOptions, loadModel } from '../model/load-model.ts'
import type { Run } from './run.ts'
import { resumeRun, type StartOptions, startRun } from './start-run.ts'

export interface Pipeline {
  /** Stages 1 to 7. */
  start(options: StartOptions): Promise<Run>
  /** Goes on from `run.snapshot()`, bit for bit. */
  resume(snapshot: unknown, signal?: AbortSignal): Promise<Run>
  /** Frees every graph; runs of this pipeline end with it. */
  dispose(): Promise<void>
}

export async function loadPipeline(options: LoadModelOptions): Promise<Pipeline> {
  const model = await loadModel(options)
  return {
    start: (start) => startRun(model, start),
    resume: (snapshot, signal) => resumeRun(model, snapshot, signal),
    dispose: () => model.dispose(),
  }
}
