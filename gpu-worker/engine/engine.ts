// Many pictures at once on one device: every run moves one U-Net call at a time, in the order step-order.ts gives.
// Each picture keeps its own batch of (un)conditional rows, so its pixels never depend on its neighbours. Lives in the
// engine thread; knows no queue and no network.
import type { Recipe } from '#contracts/recipe.ts'
import { AbortedError } from '#diffusion/errors.ts'
import type { RgbImage } from '#diffusion/images/rgb-image.ts'
import type { Run, StepReport } from '#diffusion/pipelines/run.ts'
import { encodePicture, type Picture } from '../picture/encode-picture.ts'
import type { ModelPipelines, PipelineLease } from './model-pipelines.ts'
import { chooseNext, remainingWork } from './step-order.ts'

export interface LoadedModel {
  readonly id: string
  readonly hash: string
  readonly name: string
  readonly pipelines: ModelPipelines
}

export interface EngineJob {
  readonly recipe: Recipe
  readonly input?: RgbImage | undefined
  readonly signal: AbortSignal
  readonly onStep: (report: StepReport, preview: RgbImage) => void
}

interface Task extends EngineJob {
  readonly model: LoadedModel
  readonly resolve: (picture: Picture) => void
  readonly reject: (error: unknown) => void
  lease: PipelineLease | undefined
  run: Run | undefined
  remaining: number
  passedOver: number
}

export class Engine {
  readonly #models: readonly LoadedModel[]
  readonly #tasks = new Set<Task>()
  #looping = false

  constructor(models: readonly LoadedModel[]) {
    this.#models = models
  }

  /** Resolves with the picture; rejects with an AbortedError within one U-Net call of `signal`. */
  generate(job: EngineJob): Promise<Picture> {
    const { id, hash } = job.recipe.model
    const model = this.#models.find((candidate) => candidate.id === id && candidate.hash === hash)
    if (model === undefined) {
      const loaded = this.#models.map((candidate) => `${candidate.id} ${candidate.hash}`).join(', ')
      return Promise.reject(new RangeError(`The recipe asks for ${id} ${hash}; loaded: ${loaded}`))
    }
    return new Promise((resolve, reject) => {
      const remaining = remainingWork(job.recipe.steps, job.recipe)
      this.#tasks.add({ ...job, model, resolve, reject, lease: undefined, run: undefined, remaining, passedOver: 0 })
      if (!this.#looping) void this.#loop()
    })
  }

  async #loop(): Promise<void> {
    this.#looping = true
    for (;;) {
      this.#dropAborted()
      const task = chooseNext([...this.#tasks])
      if (task === undefined) break
      for (const other of this.#tasks) other.passedOver = other === task ? 0 : other.passedOver + 1
      try {
        await this.#advance(task)
      } catch (error) {
        this.#end(task)
        task.reject(error)
      }
      // Lets messages in between two calls even where a runtime resolves without leaving the thread.
      await new Promise(setImmediate)
    }
    this.#looping = false
  }

  #dropAborted(): void {
    for (const task of this.#tasks) {
      if (!task.signal.aborted) continue
      this.#end(task)
      task.reject(new AbortedError(task.signal.reason))
    }
  }

  #end(task: Task): void {
    this.#tasks.delete(task)
    task.lease?.release()
  }

  /** One unit of work: text and image in, one U-Net call, or the decoder. */
  async #advance(task: Task): Promise<void> {
    const { recipe, input, signal } = task
    if (task.run === undefined) {
      task.lease = await task.model.pipelines.acquire(recipe)
      task.run = await task.lease.pipeline.start({ recipe, ...(input === undefined ? {} : { input }), signal })
    } else if (task.run.done) {
      const image = await task.run.decode()
      this.#end(task)
      // Compressing runs on other threads; the next run need not wait for it.
      encodePicture(image, recipe, task.model.name).then(task.resolve, task.reject)
      return
    } else {
      task.onStep(await task.run.advance(), task.run.preview())
    }
    task.remaining = remainingWork(task.run.callCount - task.run.callIndex, recipe)
  }
}
