// What the engine is made of, by address: what a page keeps to make pictures without a network.
import type { DeviceProvider } from './device-engine.ts'
import { ENGINE_FILES } from './generated/engine-files.ts'

/** What ONNX Runtime fetches of its folder, by provider (ort/load-ort.ts). */
const ORT_FILES: Readonly<Record<DeviceProvider, readonly string[]>> = {
  wasm: ['ort.wasm.min.mjs', 'ort-wasm-simd-threaded.mjs', 'ort-wasm-simd-threaded.wasm'],
  webgpu: ['ort.webgpu.min.mjs', 'ort-wasm-simd-threaded.asyncify.mjs', 'ort-wasm-simd-threaded.asyncify.wasm'],
}

export function engineUrls(provider: DeviceProvider): readonly string[] {
  return [ENGINE_FILES.worker, ...ORT_FILES[provider].map((name) => `${ENGINE_FILES.ort}${name}`)]
}
