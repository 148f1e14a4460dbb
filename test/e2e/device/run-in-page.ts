// The device engine driven from a test: one call, one plain answer, whatever went wrong named by its code.
import type { Page } from 'playwright'
import type { DeviceEngineOptions } from '#app/device/engine/create-device-engine.ts'
import type { DeviceEngine, DeviceEstimate, DeviceFit, StoredWeights } from '#app/device/engine/device-engine.ts'
import type { DeviceErrorCode } from '#app/device/engine/device-error.ts'
import type { ModelManifest } from '#contracts/model-manifest.ts'
import type { Recipe } from '#contracts/recipe.ts'
import type * as device from './page.ts'

export type Answer<Result> =
  | { readonly ok: Result }
  | {
      readonly failed: { readonly code: DeviceErrorCode; readonly message: string; readonly detail: string | undefined }
    }

export interface MadePicture {
  readonly width: number
  readonly height: number
  /** Base64. */
  readonly rgb: string
  readonly png: string
  readonly provider: string
  readonly variant: string
  readonly steps: {
    readonly callIndex: number
    readonly callCount: number
    readonly sigma: number
    readonly atMs: number
  }[]
  readonly previewSizes: string[]
  readonly timing: { readonly wholeMs: number; readonly graphsMs: number }
}

type PageWindow = typeof globalThis & { device: typeof device; engine?: DeviceEngine }

/** Opens the page and makes its engine. */
export async function openEngine(page: Page, options: DeviceEngineOptions = {}): Promise<void> {
  await page.goto('/')
  await page.waitForFunction(() => 'device' in window)
  await startEngine(page, options)
}

export async function startEngine(page: Page, options: DeviceEngineOptions = {}): Promise<void> {
  await page.evaluate((given) => {
    const { device, engine } = window as unknown as PageWindow
    engine?.dispose()
    ;(window as unknown as PageWindow).engine = device.createDeviceEngine(given)
  }, options)
}

type Method = 'assess' | 'fetchWeights' | 'storedEstimate' | 'measure' | 'storedWeights' | 'evict'
interface Results {
  assess: DeviceFit
  fetchWeights: undefined
  storedEstimate: DeviceEstimate | null
  measure: DeviceEstimate
  storedWeights: StoredWeights[]
  evict: undefined
}

export function call<Name extends Method>(
  page: Page,
  name: Name,
  argument?: ModelManifest | string,
): Promise<Answer<Results[Name]>> {
  return page.evaluate(
    async ({ name, argument }) => {
      const { engine } = window as unknown as { engine: Record<string, (given: unknown) => Promise<unknown>> }
      try {
        return { ok: await engine[name]?.(argument) } as never
      } catch (error) {
        const { code, message, detail } = error as { code: string; message: string; detail: string | undefined }
        return { failed: { code: code ?? 'untyped', message, detail } } as never
      }
    },
    { name, argument },
  )
}

/** One picture; `stopAfter` calls it is aborted. */
export function generate(
  page: Page,
  model: ModelManifest,
  recipe: Recipe,
  options: { readonly stopAfter?: number } = {},
): Promise<Answer<MadePicture>> {
  return page.evaluate(
    async ({ model, recipe, options }) => {
      const { engine } = window as unknown as { engine: DeviceEngine }
      const stop = new AbortController()
      const steps: MadePicture['steps'] = []
      const previewSizes: string[] = []
      const base64 = (bytes: Uint8Array) => {
        let text = ''
        for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192))
        return btoa(text)
      }
      try {
        const made = await engine.generate({
          model,
          recipe,
          signal: stop.signal,
          onStep({ callIndex, callCount, sigma, preview }) {
            steps.push({ callIndex, callCount, sigma, atMs: performance.now() })
            Object.assign(window, { stepsSeen: steps.length })
            previewSizes.push(`${preview.width}x${preview.height}:${preview.rgb.length}`)
            if (steps.length === options.stopAfter) stop.abort()
          },
        })
        const { width, height, rgb, png, provider, variant, timing } = made
        return {
          ok: { width, height, rgb: base64(rgb), png: base64(png), provider, variant, steps, previewSizes, timing },
        }
      } catch (error) {
        const { code, message, detail } = error as {
          code: DeviceErrorCode
          message: string
          detail: string | undefined
        }
        return { failed: { code: code ?? 'untyped', message, detail } }
      }
    },
    { model, recipe, options },
  )
}

/** The recipe of a small picture of a model. */
export function recipeOf(model: ModelManifest, overrides: Partial<Recipe> = {}): Recipe {
  const [size] = model.sizes
  if (size === undefined) throw new RangeError(`${model.id} offers no size`)
  return {
    version: 1,
    model: { id: model.id, hash: model.hash },
    prompt: 'a panda eating tacos at the beach',
    negativePrompt: '',
    seed: 7,
    count: 1,
    ...size,
    ...model.defaults,
    steps: 4,
    noise: 'philox',
    ...overrides,
  }
}

/** The manifest of one of the server's models. */
export function modelOf(models: ReadonlyMap<string, ModelManifest>, id: string): ModelManifest {
  const model = models.get(id)
  if (model === undefined) throw new RangeError(`No model ${id}; there are ${[...models.keys()].join(', ')}`)
  return model
}

/** The result, or a failed test that says why there is none. */
export function expectOk<Result>(answer: Answer<Result>): Result {
  if ('ok' in answer) return answer.ok
  throw new Error(`${answer.failed.code}: ${answer.failed.message} (${answer.failed.detail})`)
}
