// What the main thread and the engine thread say to each other. Both ends are this program, so types suffice.

import type { Recipe } from '#contracts/recipe.ts'
import type { ExecutionProvider } from '#contracts/worker-protocol.ts'
import type { RgbImage } from '#diffusion/images/rgb-image.ts'
import type { StepReport } from '#diffusion/pipelines/run.ts'
import type { Picture } from '../picture/encode-picture.ts'

export interface EngineSettings {
  readonly provider: ExecutionProvider
  readonly threads: number
  readonly modelsDir: string
  /** Only these models; null: all that are installed. */
  readonly modelIds: readonly string[] | null
}

export interface ModelRef {
  readonly id: string
  readonly hash: string
}

export type ToEngine =
  | { readonly type: 'generate'; readonly key: number; readonly recipe: Recipe; readonly input: RgbImage | undefined }
  | { readonly type: 'stop'; readonly key: number }

export type FromEngine =
  | { readonly type: 'ready'; readonly models: readonly ModelRef[] }
  /** A graph is loaded: with LoRAs that is between two steps, takes a while, and is not silence. */
  | { readonly type: 'loading' }
  | { readonly type: 'step'; readonly key: number; readonly report: StepReport; readonly preview: RgbImage }
  | { readonly type: 'done'; readonly key: number; readonly picture: Picture }
  | { readonly type: 'stopped'; readonly key: number }
  | { readonly type: 'failed'; readonly key: number; readonly reason: string; readonly retryable: boolean }
