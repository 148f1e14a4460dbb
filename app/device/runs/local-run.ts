// A run: one click on Generate that this device answers itself, and its pictures as long as they live in this browser.
// Plain data, as IndexedDB holds it; the PNGs lie beside it.
import type { GenerationDto, ImageDto, ImageStatus } from '#contracts/generation.ts'
import type { Recipe } from '#contracts/recipe.ts'
import { imageRecipe } from '#recipes/image-recipe.ts'
import { DEVICE_ERRORS, type DeviceErrorCode } from '../engine/device-error.ts'

export interface LocalImage {
  readonly index: number
  readonly status: ImageStatus
  readonly sizeBytes: number | null
  readonly sha256: string | null
  readonly durationMs: number | null
  readonly errorCode: DeviceErrorCode | null
  /** What the engine said beyond its code, such as why a model does not fit. */
  readonly errorDetail: string | null
}

export interface LocalRun {
  /** Also the key it is saved under, so that it is saved once. */
  readonly id: string
  /** Who clicked; null: nobody was signed in, so it belongs to whoever uses this browser. */
  readonly ownerId: string | null
  /** ISO 8601, by this device's clock. */
  readonly madeAt: string
  readonly recipe: Recipe
  readonly recipeHash: string
  readonly images: readonly LocalImage[]
  /** `history`: to be saved there as soon as it can be. `here`: stays in this browser. */
  readonly keep: 'history' | 'here'
  /** The person has seen what a first use downloads, and said yes. */
  readonly downloadAgreed: boolean
  /** Why the server would not save it; null while nothing speaks against it. */
  readonly refusal: string | null
}

const OPEN: ReadonlySet<ImageStatus> = new Set(['queued', 'running'])

export const isOpenImage = ({ status }: LocalImage): boolean => OPEN.has(status)
export const isOpenRun = ({ images }: LocalRun): boolean => images.some(isOpenImage)
export const hasPictures = ({ images }: LocalRun): boolean => images.some(({ status }) => status === 'done')
/** Finished, wanted in the history, and not refused by it. */
export const isWaitingToBeSaved = (run: LocalRun): boolean =>
  run.keep === 'history' && run.refusal === null && !isOpenRun(run) && hasPictures(run)

/** Names an image of a run among all images, the server's included. */
export const localImageId = (runId: string, index: number): string => `${runId}:${index}`

interface NewRun extends Pick<LocalRun, 'id' | 'ownerId' | 'madeAt' | 'recipe' | 'recipeHash' | 'keep'> {
  readonly downloadAgreed: boolean
}

export function newRun(run: NewRun): LocalRun {
  return { ...run, refusal: null, images: Array.from({ length: run.recipe.count }, (_, index) => queued(index)) }
}

function queued(index: number): LocalImage {
  return {
    index,
    status: 'queued',
    sizeBytes: null,
    sha256: null,
    durationMs: null,
    errorCode: null,
    errorDetail: null,
  }
}

export function changeImage(run: LocalRun, index: number, change: Partial<LocalImage>): LocalRun {
  return { ...run, images: run.images.map((image) => (image.index === index ? { ...image, ...change } : image)) }
}

/** Every image that has not ended, as `change` says. */
export function endOpenImages(run: LocalRun, change: Partial<LocalImage>): LocalRun {
  return { ...run, images: run.images.map((image) => (isOpenImage(image) ? { ...image, ...change } : image)) }
}

/** Those that failed or were stopped stand in line again. */
export function requeueFailed(run: LocalRun): LocalRun {
  return { ...run, images: run.images.map((image) => (image.status === 'failed' ? queued(image.index) : image)) }
}

/** The run in the shape the feed shows generations in. `urls`: where its finished pictures can be seen, by localImageId. */
export function toGeneration(run: LocalRun, urls: ReadonlyMap<string, string>): GenerationDto {
  return {
    id: run.id,
    createdAt: run.madeAt,
    recipe: run.recipe,
    recipeHash: run.recipeHash,
    images: run.images.map((image) => toImage(run, image, urls)),
  }
}

function toImage(run: LocalRun, image: LocalImage, urls: ReadonlyMap<string, string>): ImageDto {
  const id = localImageId(run.id, image.index)
  const { errorCode } = image
  const facts = errorCode === null ? null : DEVICE_ERRORS[errorCode]
  return {
    id,
    index: image.index,
    seed: imageRecipe(run.recipe, image.index).seed,
    status: image.status,
    step: image.status === 'done' ? run.recipe.steps : 0,
    steps: run.recipe.steps,
    queuePosition: null,
    preview: null,
    url: urls.get(id) ?? null,
    thumbhash: null,
    sizeBytes: image.sizeBytes,
    share: null,
    error: facts === null || errorCode === null ? null : { code: errorCode, ...facts, message: messageOf(image) },
    durationMs: image.durationMs,
    madeOn: 'device',
  }
}

/** A model that does not fit says why itself; everything else has words of its own. */
function messageOf({ errorCode, errorDetail }: LocalImage): string {
  if (errorCode === 'unfit' && errorDetail !== null) return errorDetail
  return DEVICE_ERRORS[errorCode ?? 'internal'].message
}
