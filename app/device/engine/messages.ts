// What the page and the engine's worker say to each other. Both ends are one build of this program, so types suffice.
import type { ModelManifest } from '#contracts/model-manifest.ts'
import type { Recipe } from '#contracts/recipe.ts'
import type {
  DeviceEstimate,
  DeviceFit,
  DevicePixels,
  DeviceProvider,
  DeviceStep,
  MadePicture,
  StoredWeights,
} from './device-engine.ts'
import type { DeviceErrorCode } from './device-error.ts'

export interface EngineSettings {
  /** Folder with ONNX Runtime's files, ending in a slash. */
  readonly ortUrl: string
  /** Chosen by hand; undefined: the best there is. */
  readonly provider: DeviceProvider | undefined
  readonly stallTimeoutMs: number
}

export type Mask = { readonly width: number; readonly height: number; readonly data: Uint8Array }

/** Each call's arguments and what it resolves to. */
export interface EngineCalls {
  assess: { args: { model: ModelManifest }; result: DeviceFit }
  fetchWeights: { args: { model: ModelManifest }; result: undefined }
  storedEstimate: { args: { model: ModelManifest }; result: DeviceEstimate | null }
  measure: { args: { model: ModelManifest }; result: DeviceEstimate }
  generate: {
    args: { model: ModelManifest; recipe: Recipe; input: DevicePixels | undefined; mask: Mask | undefined }
    result: MadePicture
  }
  storedWeights: { args: Record<never, never>; result: readonly StoredWeights[] }
  evict: { args: { modelIdOrHash: string }; result: undefined }
}
export type CallName = keyof EngineCalls

export type Call = { [Name in CallName]: { readonly name: Name; readonly args: EngineCalls[Name]['args'] } }[CallName]

export type ToEngine =
  | { readonly type: 'start'; readonly settings: EngineSettings }
  | { readonly type: 'call'; readonly key: number; readonly call: Call }
  | { readonly type: 'abort'; readonly key: number }

export type CallEvent =
  | { readonly type: 'bytes'; readonly doneBytes: number; readonly totalBytes: number }
  | { readonly type: 'step'; readonly step: DeviceStep }

export type FromEngine =
  | { readonly type: 'event'; readonly key: number; readonly event: CallEvent }
  | { readonly type: 'done'; readonly key: number; readonly result: EngineCalls[CallName]['result'] }
  | {
      readonly type: 'failed'
      readonly key: number
      readonly code: DeviceErrorCode
      readonly detail: string | undefined
      /** The worker cannot go on after this: its device or memory is gone. */
      readonly fatal: boolean
    }
