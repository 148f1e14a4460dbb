// Carries out runs on this device, one picture at a time among all tabs. A run whose tab was closed is taken up by another,
// or when the Studio is opened again: its recipe and seed give the same picture. What fails here is never sent anywhere; the
// person decides what comes next.
import type { ModelManifest } from '#contracts/model-manifest.ts'
import type { Recipe } from '#contracts/recipe.ts'
import { sha256Hex } from '#recipes/hash.ts'
import { imageRecipe } from '#recipes/image-recipe.ts'
import type { DeviceEngine, DevicePicture, DeviceStep } from '../engine/device-engine.ts'
import { DeviceError } from '../engine/device-error.ts'
import { type Activities, type Activity, NO_ACTIVITIES } from './activity.ts'
import { changeImage, endOpenImages, isOpenImage, isOpenRun, type LocalImage, type LocalRun } from './local-run.ts'
import type { LocalRuns } from './local-runs.ts'
import { withLock } from './locks.ts'
import type { RunControl } from './run-control.ts'
import { fetchWeightsOf } from './run-weights.ts'

export interface RunnerDeps {
  readonly runs: LocalRuns
  readonly engine: () => Promise<DeviceEngine>
  readonly fetchManifest: (model: Recipe['model']) => Promise<ModelManifest>
  readonly onStep: (run: LocalRun, image: LocalImage, step: DeviceStep) => void
  /** The model has come. */
  readonly onWeights: () => void
  /** A picture is there; says what it was made with. */
  readonly onPicture: (picture: DevicePicture) => void
  /** Nothing is left to do, or the run is over. */
  readonly onEnded: (run: LocalRun) => void
  readonly now: () => number
}

/** Sleep, a driver that starts anew, a worker that fell over: worth one more try without a word. */
const SECOND_CHANCE: ReadonlySet<string> = new Set(['device-lost', 'engine-stopped'])

export class DeviceRunner {
  readonly #deps: RunnerDeps
  readonly #controls = new Map<string, RunControl>()
  #activities = NO_ACTIVITIES
  #listeners = new Set<() => void>()

  constructor(deps: RunnerDeps) {
    this.#deps = deps
    deps.runs.subscribe(() => this.#followStops())
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readonly getSnapshot = (): Activities => this.#activities

  /** Adds the run and carries it out here: it is this tab's before any other can see it. */
  async start(run: LocalRun): Promise<void> {
    await this.#hold(run.id, async (control) => {
      await this.#deps.runs.add(run)
      await this.#carryOut(run.id, control)
    })
  }

  /** Carries the run out as soon as no other tab holds it, if anything is left to do then. */
  async take(id: string): Promise<void> {
    await this.#hold(id, (control) => this.#carryOut(id, control))
  }

  /** Resolves when the run has ended here; the lock ends with the tab, so a closed one holds nothing. */
  async #hold(id: string, work: (control: RunControl) => Promise<void>): Promise<void> {
    if (this.#controls.has(id)) return
    const control: RunControl = { stop: new AbortController(), pause: new AbortController(), resume: null }
    this.#controls.set(id, control)
    this.#say(id, { kind: 'waiting' })
    try {
      await withLock(`dewpoint.run.${id}`, () => work(control), control.stop.signal)
    } catch (error) {
      // Stopped while another tab held it: that tab sees it in the list.
      if (!control.stop.signal.aborted) throw error
    } finally {
      this.#controls.delete(id)
      this.#say(id, null)
    }
  }

  /** Stops all that has not ended of the run, within one model call. */
  async stop(id: string): Promise<void> {
    await this.#deps.runs.update(id, (run) => endOpenImages(run, { status: 'canceled' }))
    const control = this.#controls.get(id)
    control?.stop.abort()
    control?.resume?.()
  }

  pause(id: string): void {
    this.#controls.get(id)?.pause.abort()
  }

  /** Says yes to a download, or goes on with one that paused. */
  async resume(id: string): Promise<void> {
    await this.#deps.runs.update(id, (run) => ({ ...run, downloadAgreed: true }))
    const control = this.#controls.get(id)
    if (control === undefined) return
    control.pause = new AbortController()
    control.resume?.()
  }

  async #carryOut(id: string, control: RunControl): Promise<void> {
    const run = await this.#deps.runs.get(id)
    if (run === undefined || !isOpenRun(run)) return
    try {
      this.#say(id, { kind: 'loading' })
      const manifest = await this.#deps.fetchManifest(run.recipe.model)
      const engine = await this.#deps.engine()
      const say = (activity: Activity) => this.#say(id, activity)
      if (await fetchWeightsOf(run, { engine, manifest, control, say })) this.#deps.onWeights()
      for (const image of run.images.filter(isOpenImage)) {
        if (control.stop.signal.aborted) break
        this.#say(id, { kind: 'waiting' })
        await withLock('dewpoint.device', () => this.#makeOne(run, image, manifest, control), control.stop.signal)
      }
    } catch (error) {
      await this.#fail(id, control.stop.signal.aborted ? new DeviceError('canceled') : error)
    }
    const ended = await this.#deps.runs.get(id)
    if (ended !== undefined) this.#deps.onEnded(ended)
  }

  async #makeOne(run: LocalRun, image: LocalImage, manifest: ModelManifest, control: RunControl): Promise<void> {
    const { runs, now } = this.#deps
    this.#say(run.id, { kind: 'loading' })
    const begun = await runs.update(run.id, (one) => changeImage(one, image.index, { status: 'running' }))
    // Stopped, or removed, while it waited.
    if (begun === undefined || control.stop.signal.aborted) return
    const startedAt = now()
    const picture = await this.#generate(run, image, manifest, control)
    const { png } = picture
    const facts: Partial<LocalImage> = {
      status: 'done',
      sizeBytes: png.length,
      sha256: await sha256Hex(png),
      durationMs: Math.round(now() - startedAt),
    }
    const blob = new Blob([png], { type: 'image/png' })
    await runs.update(run.id, (one) => changeImage(one, image.index, facts), { index: image.index, png: blob })
    this.#deps.onPicture(picture)
  }

  async #generate(
    run: LocalRun,
    image: LocalImage,
    manifest: ModelManifest,
    control: RunControl,
  ): Promise<DevicePicture> {
    const request = {
      model: manifest,
      recipe: imageRecipe(run.recipe, image.index),
      signal: control.stop.signal,
      onStep: (step: DeviceStep) => {
        this.#say(run.id, { kind: 'running' })
        this.#deps.onStep(run, image, step)
      },
    }
    try {
      return await (await this.#deps.engine()).generate(request)
    } catch (error) {
      if (!(error instanceof DeviceError) || !SECOND_CHANCE.has(error.code) || control.stop.signal.aborted) throw error
      this.#say(run.id, { kind: 'loading' })
      return await (await this.#deps.engine()).generate(request)
    }
  }

  /** What is left of the run ends: as stopped where the person wanted that, else with the reason. */
  async #fail(id: string, error: unknown): Promise<void> {
    const known = error instanceof DeviceError ? error : new DeviceError('internal', String(error), { cause: error })
    const change: Partial<LocalImage> =
      known.code === 'canceled'
        ? { status: 'canceled' }
        : { status: 'failed', errorCode: known.code, errorDetail: known.detail ?? null }
    await this.#deps.runs.update(id, (run) => endOpenImages(run, change))
  }

  /** A run that was stopped or removed, here or in another tab, has nothing open in the list any more. */
  #followStops(): void {
    const { runs, loaded } = this.#deps.runs.getSnapshot()
    if (!loaded) return
    for (const [id, control] of this.#controls) {
      const run = runs.find((one) => one.id === id)
      if (run !== undefined && isOpenRun(run)) continue
      // Its last picture has just been finished: nothing to stop.
      if (run?.images.some(({ status }) => status === 'canceled') === false) continue
      control.stop.abort()
      control.resume?.()
    }
  }

  #say(id: string, activity: Activity | null): void {
    const next = new Map(this.#activities)
    if (activity === null) next.delete(id)
    else next.set(id, activity)
    this.#activities = next
    for (const listener of this.#listeners) listener()
  }
}
