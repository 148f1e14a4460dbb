// The browser engine as a page sees it: pictures made on the visitor's own device. The work is done in a Web Worker
// (engine-worker.ts); nothing here imports ONNX Runtime or diffusion/, so a page may import the types for nothing and the
// function lazily: `const { createDeviceEngine } = await import('./create-device-engine.ts')`.
import type { ModelManifest } from '#contracts/model-manifest.ts'
import type { Recipe } from '#contracts/recipe.ts'

export type DeviceProvider = 'webgpu' | 'wasm'
/** File suffix of the stored precision: '' is float32. */
export type WeightsVariant = '' | 'fp16' | 'int8'

/** 8-bit RGB, row-major, no padding: `width * height * 3` bytes. */
export interface DevicePixels {
  readonly width: number
  readonly height: number
  readonly rgb: Uint8Array
}

/** Whether and how this device can run a model. Finding out downloads nothing. */
export type DeviceFit =
  | {
      readonly kind: 'fits'
      readonly provider: DeviceProvider
      /** Of the U-Net; other parts of the model fall back to float32 where the model offers nothing smaller. */
      readonly variant: WeightsVariant
      /** Threads of wasm; 1 on WebGPU and where the page is not cross-origin isolated. */
      readonly threads: number
      /** Still to transfer. */
      readonly downloadBytes: number
      readonly totalBytes: number
      /** False in windows without a file system of their own (private ones): the model is transferred again on each visit. */
      readonly keepsWeights: boolean
    }
  | {
      readonly kind: 'unfit'
      /** One sentence, for the person. */
      readonly reason: string
    }

/** What a model costs on this device: a picture takes `overheadSeconds + secondsPerStep * steps`, at the model's default size. */
export interface DeviceEstimate {
  readonly secondsPerStep: number
  /** Text encoder, decoder and PNG; not the loading of a model, which happens once a visit. */
  readonly overheadSeconds: number
  readonly provider: DeviceProvider
  readonly variant: WeightsVariant
  /** What the browser tells of the graphics card, or `processor, n threads`. */
  readonly gpu: string
  /** ISO 8601. */
  readonly measuredAt: string
}

export interface FetchWeightsOptions {
  /** Bytes here, of bytes needed; starts at what is stored already. */
  readonly onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined
  /** Aborting pauses: what has arrived is kept, and the next call goes on from there. */
  readonly signal?: AbortSignal | undefined
}

/** One U-Net call of a picture is done. */
export interface DeviceStep {
  /** Calls made, and to make: a second-order sampler makes two for one step. */
  readonly callIndex: number
  readonly callCount: number
  /** Noise level of the finished call. */
  readonly sigma: number
  /** The picture so far, one pixel per latent pixel. */
  readonly preview: DevicePixels
}

export interface DeviceRequest {
  readonly model: ModelManifest
  /** Recipe of one image: count 1. */
  readonly recipe: Recipe
  /** Prepared input of image-to-image, at the recipe's size. It and the mask are meant for the Studio's mask editor; it sends neither yet. */
  readonly input?: DevicePixels | undefined
  /** Prepared mask, white (255) is repainted; `width * height` bytes. */
  readonly mask?: { readonly width: number; readonly height: number; readonly data: Uint8Array } | undefined
  readonly onStep?: ((step: DeviceStep) => void) | undefined
  /** Ends the run within one U-Net call with a DeviceError `canceled`. */
  readonly signal?: AbortSignal | undefined
}

export interface MadePicture extends DevicePixels {
  /** The file people keep, its recipe in the metadata as in the server's. */
  readonly png: Uint8Array<ArrayBuffer>
  /** Where and how it ran. */
  readonly provider: DeviceProvider
  readonly variant: WeightsVariant
  /** Prompt to file, and the part of it inside the model's graphs; loading the model is in neither. */
  readonly timing: { readonly wholeMs: number; readonly graphsMs: number }
}

/** A model's weights on this device, whole or in part; also of releases the server no longer offers. */
export interface StoredWeights {
  readonly modelId: string
  /** Hash of the model's manifest: tells releases apart. */
  readonly modelHash: string
  readonly modelName: string
  readonly files: number
  /** Bytes this release takes. A file that two releases share is counted in both and stored once. */
  readonly bytes: number
  readonly complete: boolean
  /** ISO 8601. */
  readonly lastUsedAt: string
}

/** All methods reject with a DeviceError (device-error.ts) and nothing else. */
export interface DeviceEngine {
  assess(model: ModelManifest): Promise<DeviceFit>
  /** Resolves when every file this device needs is stored and its SHA-256 checked. Two tabs share one download. */
  fetchWeights(model: ModelManifest, options?: FetchWeightsOptions): Promise<void>
  /** The last measurement for this model, device and version of Dewpoint; null before there is one. */
  storedEstimate(model: ModelManifest): Promise<DeviceEstimate | null>
  /** A few real steps on the stored weights, kept for storedEstimate. */
  measure(model: ModelManifest, options?: { readonly signal?: AbortSignal | undefined }): Promise<DeviceEstimate>
  /** One picture; calls wait for each other in order. Fetches what is missing of the weights first. */
  generate(request: DeviceRequest): Promise<MadePicture>
  storedWeights(): Promise<readonly StoredWeights[]>
  /** Removes a model's weights: all releases by its id, one by its hash. Files another release needs stay. */
  evict(modelIdOrHash: string): Promise<void>
  /** Ends the worker and what it holds; calls under way reject as `canceled`. */
  dispose(): void
}
