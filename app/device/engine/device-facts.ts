// What this device offers to a page, asked once. Nothing is decided here: assess.ts does.

export interface GpuFacts {
  /** As the browser tells it: vendor, architecture, model where it says one. */
  readonly name: string
  readonly hasF16: boolean
  /** A processor that plays graphics card; slower than wasm on the same processor. */
  readonly isSoftware: boolean
  readonly maxBufferBytes: number
  /** Most that one input of a kernel may hold, which is one weight or intermediate result. */
  readonly maxBindingBytes: number
}

export interface DeviceFacts {
  /** OPFS, Web Locks and SHA-256 are there for pages from HTTPS and localhost only. */
  readonly isSecure: boolean
  readonly hasWasmSimd: boolean
  /** Threads need shared memory, which only cross-origin isolated pages have. */
  readonly isIsolated: boolean
  /** Logical processors. */
  readonly processors: number
  readonly gpu: GpuFacts | undefined
}

/** The smallest module with a SIMD instruction (v128.const, then dropped). */
const SIMD_PROBE = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 23, 1, 21, 0, 253, 12],
  ...[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 26, 11],
)

export async function readDeviceFacts(): Promise<DeviceFacts> {
  const adapter = await requestAdapter()
  return {
    isSecure: globalThis.isSecureContext,
    hasWasmSimd: WebAssembly.validate(SIMD_PROBE),
    isIsolated: globalThis.crossOriginIsolated,
    processors: navigator.hardwareConcurrency,
    gpu: adapter === null ? undefined : readGpu(adapter),
  }
}

/** Null where there is no WebGPU, or no adapter behind it. */
export async function requestAdapter(): Promise<GPUAdapter | null> {
  const gpu: GPU | undefined = navigator.gpu
  if (gpu === undefined) return null
  return gpu.requestAdapter({ powerPreference: 'high-performance' }).catch(() => null)
}

function readGpu({ info, features, limits }: GPUAdapter): GpuFacts {
  const words = [info.vendor, info.architecture, info.device, info.description].filter((word) => word !== '')
  return {
    name: words.length === 0 ? 'graphics card' : words.join(' '),
    hasF16: features.has('shader-f16'),
    isSoftware: info.isFallbackAdapter,
    maxBufferBytes: limits.maxBufferSize,
    maxBindingBytes: limits.maxStorageBufferBindingSize,
  }
}
