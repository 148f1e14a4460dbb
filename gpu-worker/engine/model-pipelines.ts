// One model's pipelines: the plain one, and those with LoRAs or embeddings merged in, which are loaded when a picture needs them.
// A merged model is a second model in memory, so one that no picture uses goes when another is needed.
import type { Recipe } from '#contracts/recipe.ts'
import type { NetworkFile } from '#diffusion/networks/with-networks.ts'
import type { Pipeline } from '#diffusion/pipelines/pipeline.ts'
import { networksOf } from '#recipes/prompt/networks.ts'

export interface PipelineLease {
  readonly pipeline: Pipeline
  /** Call once, when the picture is made or given up. */
  release(): void
}

export interface ModelPipelinesOptions {
  /** Loaded at the start, never given up. */
  readonly plain: Pipeline
  readonly findNetworks: (recipe: Recipe) => Promise<readonly NetworkFile[]>
  readonly loadWith: (networks: readonly NetworkFile[]) => Promise<Pipeline>
}

interface Merged {
  readonly pipeline: Promise<Pipeline>
  users: number
}

export class ModelPipelines {
  readonly #options: ModelPipelinesOptions
  readonly #merged = new Map<string, Merged>()

  constructor(options: ModelPipelinesOptions) {
    this.#options = options
  }

  /** The pipeline whose weights are the recipe's. */
  async acquire(recipe: Recipe): Promise<PipelineLease> {
    const key = JSON.stringify(networksOf(recipe))
    if (key === '[]') return { pipeline: this.#options.plain, release: () => undefined }
    const merged = this.#merged.get(key) ?? { pipeline: this.#load(recipe), users: 0 }
    this.#merged.set(key, merged)
    merged.users++
    try {
      return { pipeline: await merged.pipeline, release: () => void merged.users-- }
    } catch (error) {
      this.#merged.delete(key)
      throw error
    }
  }

  async dispose(): Promise<void> {
    await this.#options.plain.dispose()
    for (const { pipeline } of this.#merged.values()) await (await pipeline).dispose()
    this.#merged.clear()
  }

  async #load(recipe: Recipe): Promise<Pipeline> {
    const networks = await this.#options.findNetworks(recipe)
    await this.#disposeIdle()
    return this.#options.loadWith(networks)
  }

  async #disposeIdle(): Promise<void> {
    for (const [key, { pipeline, users }] of this.#merged) {
      if (users > 0) continue
      this.#merged.delete(key)
      await (await pipeline).dispose()
    }
  }
}
