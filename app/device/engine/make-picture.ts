// One recipe through a loaded model: the worker's counterpart on the server is gpu-worker/engine/engine.ts.
import type { Recipe } from '#contracts/recipe.ts'
import { throwIfAborted } from '#diffusion/errors.ts'
import type { Pipeline } from '#diffusion/pipelines/pipeline.ts'
import type { DevicePixels, DeviceStep } from './device-engine.ts'
import { encodePng } from './encode-png.ts'
import type { Mask } from './messages.ts'

export interface MakePictureOptions {
  readonly pipeline: Pipeline
  readonly recipe: Recipe
  readonly modelName: string
  readonly input?: DevicePixels | undefined
  readonly mask?: Mask | undefined
  readonly signal: AbortSignal
  readonly onStep: (step: DeviceStep) => void
}

export async function makePicture(options: MakePictureOptions) {
  const { pipeline, recipe, input, mask, signal, onStep } = options
  const run = await pipeline.start({ recipe, input, mask, signal })
  while (!run.done) {
    const report = await run.advance()
    onStep({ ...report, preview: run.preview() })
    await letMessagesIn()
    throwIfAborted(signal)
  }
  const { width, height, rgb } = await run.decode()
  return { width, height, rgb, png: await encodePng({ width, height, rgb }, recipe, options.modelName) }
}

/** wasm answers without leaving the worker's turn, so a stop would wait for the end. A timer would cost 4 ms; a port costs none. */
function letMessagesIn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(null)
  })
}
