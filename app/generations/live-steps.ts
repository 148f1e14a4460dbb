// The latest step of every running image, outside the query cache: steps come several times a second, and only the
// card they belong to should draw again.
import { createStore } from 'zustand'
import type { GenerationEvent, ImageDto, Preview } from '#contracts/generation.ts'
import { addSample, type StepSample } from './estimate-time-left.ts'

export interface LiveStep {
  readonly step: number
  readonly steps: number
  readonly preview: Preview | null
  readonly samples: readonly StepSample[]
}

export class LiveSteps {
  readonly store = createStore<ReadonlyMap<string, LiveStep>>(() => new Map())

  get(imageId: string): LiveStep | undefined {
    return this.store.getState().get(imageId)
  }

  /** Takes what concerns steps out of an event; `nowMs` is when it arrived. */
  take(event: GenerationEvent, nowMs: number): void {
    if (event.type === 'step') {
      const before = this.get(event.imageId)
      this.#set(event.imageId, {
        step: event.step,
        steps: event.steps,
        preview: event.preview ?? before?.preview ?? null,
        samples: addSample(before?.samples ?? [], { step: event.step, atMs: nowMs }),
      })
    }
    // Back in the queue: what an earlier attempt showed is no longer what will be.
    if (event.type === 'queued') this.#set(event.imageId, undefined)
  }

  /** What the server says about a running image when the page loads; live steps win once they come. */
  seed(image: ImageDto): void {
    if (image.status !== 'running' || this.get(image.id) !== undefined) return
    this.#set(image.id, { step: image.step, steps: image.steps, preview: image.preview, samples: [] })
  }

  #set(imageId: string, step: LiveStep | undefined): void {
    const steps = new Map(this.store.getState())
    if (step === undefined) steps.delete(imageId)
    else steps.set(imageId, step)
    this.store.setState(steps, true)
  }
}
