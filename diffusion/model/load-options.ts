// What a model, and each part of it, is loaded from.
import type { ModelManifest } from '#contracts/model-manifest.ts'
import type { AddedWord, NetworkFile } from '../networks/with-networks.ts'
import type { ModelFiles, Runtime } from '../runtime/runtime.ts'

export interface LoadModelOptions {
  readonly runtime: Runtime
  readonly files: ModelFiles
  readonly manifest: ModelManifest
  /** Which stored precision to load, by file suffix (`fp16`); every component must have it. Absent: `model.onnx`. */
  readonly dtype?: string
  /** LoRAs and embeddings to load it with, as `networksOf` the recipe gives them; others mean loading it again. */
  readonly networks?: readonly NetworkFile[]
  readonly signal?: AbortSignal
}

/** What the parts of a model are loaded from. */
export interface LoadPartOptions extends Pick<LoadModelOptions, 'runtime' | 'files' | 'dtype'> {
  /** Words that textual inversion added to a text encoder, known once its graph is loaded. */
  readonly addedWords?: (component: string) => readonly AddedWord[]
}
