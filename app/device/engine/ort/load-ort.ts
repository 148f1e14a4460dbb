// ONNX Runtime from our own server, the build for the provider: wasm alone is half the size of the one that can also WebGPU. It is
// not bundled: its threads load the very file they were started from, and its address names its content.
import { DeviceError } from '../device-error.ts'
import type { OrtModule } from './web-runtime.ts'

export interface LoadOrtOptions {
  /** Folder with ORT's files, ending in a slash. */
  readonly baseUrl: string
  readonly provider: 'wasm' | 'webgpu'
  readonly threads: number
}

const MODULES = { wasm: 'ort.wasm.min.mjs', webgpu: 'ort.webgpu.min.mjs' } as const

/** @throws DeviceError `engine-files-missing`. One provider per worker: ORT keeps its settings in globals. */
export async function loadOrt({ baseUrl, provider, threads }: LoadOrtOptions): Promise<OrtModule> {
  const url = `${baseUrl}${MODULES[provider]}`
  const ort: OrtModule = await import(/* @vite-ignore */ url).catch((cause: unknown) => {
    throw new DeviceError('engine-files-missing', `${url} could not be loaded`, { cause })
  })
  ort.env.wasm.wasmPaths = baseUrl
  ort.env.wasm.numThreads = threads
  return ort
}
