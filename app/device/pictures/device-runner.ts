// Makes device pictures, one image at a time among all tabs. A picture whose tab was closed is taken up by another,
// or when the Studio is opened again: its recipe and seed give the same picture. What fails here is never sent anywhere; the
// person decides what comes next.
import { createStore } from 'zustand'
import type { ModelManifest } from '#contracts/model-manifest.ts'
import type { Recipe } from '#contracts/recipe.ts'
import { sha256Hex } from '#recipes/hash.ts'
import { imageRecipe } from '#recipes/image-recipe.ts'
import type { DeviceEngine, DeviceStep, MadePicture } from '../engine/device-engine.ts'
import { DeviceError } from '../engine/device-error.ts'
import type { Activities, Activity } from './activity.ts'
import {
  changeImage,
  type DeviceImage,
  type DevicePicture,
  endOpenImages,
  isOpen,
  isOpenImage,
} from './device-picture.ts'
import type { DevicePictures } from './device-pictures.ts'
import { fetchWeightsOf } from './fetch-model.ts'
import { withLock } from './locks.ts'
import type { RunControl } from './run-control.ts'

export interface RunnerDeps {
  readonly pictures: DevicePictures
  readonly engine: () => Promise<DeviceEngine>
  readonly fetchManifest: (model: Recipe['model']) => Promise<ModelManifest>
  readonly onStep: (picture: DevicePicture, image: DeviceImage, step: DeviceStep) => void
  /** The model has come. */
  readonly onWeights: () => void
  /** A picture is there; says what it was made with. */
  readonly onPicture: (made: MadePicture) => void
  /** Nothing is left to do, or the picture is over. */
  readonly onEnded: (picture: DevicePicture) => void
  readonly now: () => number
}

/** Sleep, a driver that starts anew, a worker that fell over: worth one more try without a word. */
const SECOND_CHANCE: ReadonlySet<string> = new Set(['device-lost', 'engine-stopped'])

export class DeviceRunner {
  readonly #deps: RunnerDeps
  readonly #controls = new Map<string, RunControl>()
  /** What is happening to each picture under way here. */
  readonly activities = createStore<Activities>(() => new Map())

  constructor(deps: RunnerDeps) {
    this.#deps = deps
    deps.pictures.list.subscribe(() => this.#followStops())
  }

  /** Adds the picture and makes it here: it is this tab's before any other can see it. */
  async start(picture: DevicePicture): Promise<void> {
    await this.#hold(picture.id, async (control) => {
      await this.#deps.pictures.add(picture)
      await this.#make(picture.id, control)
    })
  }

  /** Makes it as soon as no other tab holds it, if anything is left to do then. */
  async take(id: string): Promise<void> {
    await this.#hold(id, (control) => this.#make(id, control))
  }

  /** Resolves when the picture has ended here; the lock ends with the tab, so a closed one holds nothing. */
  async #hold(id: string, work: (control: RunControl) => Promise<void>): Promise<void> {
    if (this.#controls.has(id)) return
    const control: RunControl = { stop: new AbortController(), pause: new AbortController(), resume: null }
    this.#controls.set(id, control)
    this.#say(id, { kind: 'waiting' })
    try {
      await withLock(`dewpoint.device-picture.${id}`, () => work(control), control.stop.signal)
    } catch (error) {
      // Stopped while another tab held it: that tab sees it in the list.
      if (!control.stop.signal.aborted) throw error
    } finally {
      this.#controls.delete(id)
      this.#say(id, null)
    }
  }

  /** Stops all that has not ended of it, within one model call. */
  async stop(id: string): Promise<void> {
    await this.#deps.pictures.update(id, (picture) => endOpenImages(picture, { status: 'canceled' }))
    const control = this.#controls.get(id)
    control?.stop.abort()
    control?.resume?.()
  }

  pause(id: string): void {
    this.#controls.get(id)?.pause.abort()
  }

  /** Says yes to a download, or goes on with one that paused. */
  async resume(id: string): Promise<void> {
    await this.#deps.pictures.update(id, (picture) => ({ ...picture, downloadAgreed: true }))
    const control = this.#controls.get(id)
    if (control === undefined) return
    control.pause = new AbortController()
    control.resume?.()
  }

  async #make(id: string, control: RunControl): Promise<void> {
    const picture = await this.#deps.pictures.get(id)
    if (picture === undefined || !isOpen(picture)) return
    try {
      this.#say(id, { kind: 'loading' })
      const manifest = await this.#deps.fetchManifest(picture.recipe.model)
      const engine = await this.#deps.engine()
      const say = (activity: Activity) => this.#say(id, activity)
      if (await fetchWeightsOf(picture, { engine, manifest, control, say })) this.#deps.onWeights()
      for (const image of picture.images.filter(isOpenImage)) {
        if (control.stop.signal.aborted) break
        this.#say(id, { kind: 'waiting' })
        await withLock('dewpoint.device', () => this.#makeOne(picture, image, manifest, control), control.stop.signal)
      }
    } catch (error) {
      await this.#fail(id, control.stop.signal.aborted ? new DeviceError('canceled') : error)
    }
    const ended = await this.#deps.pictures.get(id)
    if (ended !== undefined) this.#deps.onEnded(ended)
  }

  async #makeOne(
    picture: DevicePicture,
    image: DeviceImage,
    manifest: ModelManifest,
    control: RunControl,
  ): Promise<void> {
    const { pictures, now } = this.#deps
    this.#say(picture.id, { kind: 'loading' })
    const begun = await pictures.update(picture.id, (one) => changeImage(one, image.index, { status: 'running' }))
    // Stopped, or removed, while it waited.
    if (begun === undefined || control.stop.signal.aborted) return
    const startedAt = now()
    const made = await this.#generate(picture, image, manifest, control)
    const { png } = made
    const facts: Partial<DeviceImage> = {
      status: 'done',
      sizeBytes: png.length,
      sha256: await sha256Hex(png),
      durationMs: Math.round(now() - startedAt),
    }
    const blob = new Blob([png], { type: 'image/png' })
    await pictures.update(picture.id, (one) => changeImage(one, image.index, facts), { index: image.index, png: blob })
    this.#deps.onPicture(made)
  }

  async #generate(
    picture: DevicePicture,
    image: DeviceImage,
    manifest: ModelManifest,
    control: RunControl,
  ): Promise<MadePicture> {
    const request = {
      model: manifest,
      recipe: imageRecipe(picture.recipe, image.index),
      signal: control.stop.signal,
      onStep: (step: DeviceStep) => {
        this.#say(picture.id, { kind: 'running' })
        this.#deps.onStep(picture, image, step)
      },
    }
    try {
      return await (await this.#deps.engine()).generate(request)
    } catch (error) {
      if (!(error instanceof DeviceError) || !SECOND_CHANCE.has(error.code) || control.stop.signal.aborted) throw error
      this.#say(picture.id, { kind: 'loading' })
      return await (await this.#deps.engine()).generate(request)
    }
  }

  /** What is left of it ends: as stopped where the person wanted that, else with the reason. */
  async #fail(id: string, error: unknown): Promise<void> {
    const known = error instanceof DeviceError ? error : new DeviceError('internal', String(error), { cause: error })
    const change: Partial<DeviceImage> =
      known.code === 'canceled'
        ? { status: 'canceled' }
        : { status: 'failed', errorCode: known.code, errorDetail: known.detail ?? null }
    await this.#deps.pictures.update(id, (picture) => endOpenImages(picture, change))
  }

  /** A picture that was stopped or removed, here or in another tab, has nothing open in the list any more. */
  #followStops(): void {
    const { pictures, loaded } = this.#deps.pictures.list.getState()
    if (!loaded) return
    for (const [id, control] of this.#controls) {
      const picture = pictures.find((one) => one.id === id)
      if (picture !== undefined && isOpen(picture)) continue
      // Its last image has just been finished: nothing to stop.
      if (picture?.images.some(({ status }) => status === 'canceled') === false) continue
      control.stop.abort()
      control.resume?.()
    }
  }

  #say(id: string, activity: Activity | null): void {
    const next = new Map(this.activities.getState())
    if (activity === null) next.delete(id)
    else next.set(id, activity)
    this.activities.setState(next, true)
  }
}
