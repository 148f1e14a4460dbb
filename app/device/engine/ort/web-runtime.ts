// The core's Runtime over onnxruntime-web, on wasm or WebGPU. ORT itself is an argument: the worker loads it from our own server
// (load-ort.ts), tests from the package. Keeps nothing between calls; the runtimes around it do (cache-text.ts, release-idle.ts).
import type * as Ort from 'onnxruntime-web/webgpu'
import { toTensor, toValueInfo } from '#diffusion/runtime/onnx-values.ts'
import type { ModelFiles, Runtime, Session, Tensor } from '#diffusion/runtime/runtime.ts'

export type OrtModule = typeof Ort

export interface WebRuntimeOptions {
  readonly ort: OrtModule
  readonly provider: 'wasm' | 'webgpu'
  /** The device WebGPU runs on; absent: ORT opens one of its own, whose loss nobody hears of. */
  readonly device?: GPUDevice | undefined
  /** Rejects when the device is gone: ORT itself may wait for a lost device for ever. */
  readonly lost?: Promise<never> | undefined
  /** An error of ORT's waits this long for the loss that may have caused it. */
  readonly lossToldWithinMs?: number | undefined
  /** Hears how long each call of a graph took, inside ORT alone. */
  readonly onRun?: ((ms: number) => void) | undefined
}

/** ORT's number for it. Warnings say that shape arithmetic stays on the CPU, as it should, through console.error. */
const ERRORS_ONLY = 3

/**
 * NCHW, because the NHWC convolution of onnxruntime-web 1.30 is wrong where there are nine input channels (an inpainting U-Net's first
 * layer); 3 to 8, 12 and 13 are right in both.
 */
const LAYOUT = 'NCHW'

export function createWebRuntime({
  ort,
  provider,
  device,
  lost,
  lossToldWithinMs = 0,
  onRun,
}: WebRuntimeOptions): Runtime {
  const orLost = async <Value>(work: Promise<Value>): Promise<Value> => {
    if (lost === undefined) return work
    try {
      return await Promise.race([work, lost])
    } catch (error) {
      await Promise.race([lost, new Promise((resolve) => setTimeout(resolve, lossToldWithinMs))])
      throw error
    }
  }
  return {
    provider,
    async createSession(files: ModelFiles, path: string): Promise<Session> {
      const bytes = await files.readBytes(path)
      const externalData = files.takeExternalData?.(path) ?? []
      const session = await orLost(
        ort.InferenceSession.create(bytes, {
          executionProviders: [provider === 'wasm' ? 'wasm' : webgpu(device)],
          logSeverityLevel: ERRORS_ONLY,
          ...(externalData.length > 0 && { externalData: [...externalData] }),
        }),
      )
      return {
        inputs: session.inputMetadata.map((value) => toValueInfo(value, path)),
        outputs: session.outputMetadata.map((value) => toValueInfo(value, path)),
        async run(feeds) {
          const tensors = Object.entries(feeds).map(([name, tensor]) => [name, toOrt(ort, tensor)])
          const startedMs = performance.now()
          const outputs = await orLost(session.run(Object.fromEntries(tensors)))
          onRun?.(performance.now() - startedMs)
          return Object.fromEntries(
            Object.entries(outputs).map(([name, tensor]) => [name, toTensor(tensor, `${path}: ${name}`)]),
          )
        },
        dispose: () => session.release(),
      }
    },
  }
}

/** With each session: `env.webgpu.device` set ahead of the first one is overwritten by ORT 1.30. */
const webgpu = (device: GPUDevice | undefined) =>
  ({ name: 'webgpu', preferredLayout: LAYOUT, ...(device === undefined ? {} : { device }) }) as const

/** Raw bits of a float16 become a Float16Array inside ORT where the browser has one, and stay bits elsewhere. */
function toOrt(ort: OrtModule, { type, data, dims }: Tensor): Ort.Tensor {
  return new ort.Tensor(type, data, dims)
}
