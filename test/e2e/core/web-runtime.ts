// The core's Runtime over onnxruntime-web, on wasm or WebGPU; runs in a page.
import * as ort from 'onnxruntime-web/webgpu'
import type { Runtime, Tensor, TensorType, ValueInfo } from '#diffusion/runtime/runtime.ts'

/** ORT's number for it. Warnings say that shape arithmetic stays on the CPU, as it should, through console.error. */
const ERRORS_ONLY = 3

/**
 * NCHW, because the NHWC convolution of onnxruntime-web 1.30 is wrong where there are nine input channels (an inpainting U-Net's first
 * layer); 3 to 8, 12 and 13 are right in both.
 */
const PROVIDERS = { wasm: 'wasm', webgpu: { name: 'webgpu', preferredLayout: 'NCHW' } } as const

export function createWebRuntime(provider: 'wasm' | 'webgpu'): Runtime {
  ort.env.wasm.wasmPaths = '/node_modules/onnxruntime-web/dist/'
  ort.env.wasm.numThreads = 1
  return {
    provider,
    async createSession(files, path) {
      const session = await ort.InferenceSession.create(await files.readBytes(path), {
        executionProviders: [PROVIDERS[provider]],
        logSeverityLevel: ERRORS_ONLY,
      })
      return {
        inputs: session.inputMetadata.map(toValueInfo),
        outputs: session.outputMetadata.map(toValueInfo),
        async run(feeds) {
          const tensors = Object.entries(feeds).map(([name, { type, data, dims }]) => [
            name,
            new ort.Tensor(type, data, dims),
          ])
          const outputs = await session.run(Object.fromEntries(tensors))
          return Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, fromOrt(tensor)]))
        },
        dispose: () => session.release(),
      }
    },
  }
}

function toValueInfo(value: ort.InferenceSession.ValueMetadata): ValueInfo {
  if (!value.isTensor) throw new TypeError(`${value.name} is not a tensor`)
  return { name: value.name, type: value.type as TensorType, dims: value.shape }
}

function fromOrt({ type, dims, data }: ort.Tensor): Tensor {
  if (type === 'float32' && data instanceof Float32Array) return { type, dims, data }
  throw new TypeError(`The tiny models give float32, got ${type}`)
}
