// A device picture: one click on Generate that this device answers itself, its 1 to 4 images as long as they live in this
// browser. Plain data, as IndexedDB holds it; the PNGs lie beside it.
import type { GenerationDto, ImageDto, ImageStatus } from '#contracts/generation.ts'
import type { Recipe } from '#contracts/recipe.ts'
import { imageRecipe } from '#recipes/image-recipe.ts'
import { DEVICE_ERRORS, type DeviceErrorCode } from '../engine/device-error.ts'

export interface DeviceImage {
  readonly index: number
  readonly status: ImageStatus
  readonly sizeBytes: number | null
  readonly sha256: string | null
  readonly durationMs: number | null
  readonly errorCode: DeviceErrorCode | null
  /** What the engine said beyond its code, such as why a model does not fit. */
  readonly errorDetail: string | null
}

export interface DevicePicture {
  /** Also the key it is saved under, so that it is saved once. */
  readonly id: string
  /** Who clicked; null: nobody was signed in, so it belongs to whoever uses this browser. */
  readonly ownerId: string | null
  /** ISO 8601, by this device's clock. */
  readonly madeAt: string
  readonly recipe: Recipe
  readonly recipeHash: string
  readonly images: readonly DeviceImage[]
  /** `history`: to be saved there as soon as it can be. `here`: stays in this browser. */
  readonly keep: 'history' | 'here'
  /** The person has seen what a first use downloads, and said yes. */
  readonly downloadAgreed: boolean
  /** Why the server would not save it; null while nothing speaks against it. */
  readonly refusal: string | null
}

const OPEN: ReadonlySet<ImageStatus> = new Set(['queued', 'running'])

export const isOpenImage = ({ status }: DeviceImage): boolean => OPEN.has(status)
export const isOpen = ({ images }: DevicePicture): boolean => images.some(isOpenImage)
export const hasPictures = ({ images }: DevicePicture): boolean => images.some(({ status }) => status === 'done')
/** Finished, wanted in the history, and not refused by it. */
export const isWaitingToBeSaved = (picture: DevicePicture): boolean =>
  picture.keep === 'history' && picture.refusal === null && !isOpen(picture) && hasPictures(picture)

/** Names an image among all images, the server's included. */
export const deviceImageId = (pictureId: string, index: number): string => `${pictureId}:${index}`

interface NewDevicePicture extends Pick<DevicePicture, 'id' | 'ownerId' | 'madeAt' | 'recipe' | 'recipeHash' | 'keep'> {
  readonly downloadAgreed: boolean
}

export function newDevicePicture(picture: NewDevicePicture): DevicePicture {
  return {
    ...picture,
    refusal: null,
    images: Array.from({ length: picture.recipe.count }, (_, index) => queued(index)),
  }
}

function queued(index: number): DeviceImage {
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

export function changeImage(picture: DevicePicture, index: number, change: Partial<DeviceImage>): DevicePicture {
  return {
    ...picture,
    images: picture.images.map((image) => (image.index === index ? { ...image, ...change } : image)),
  }
}

/** Every image that has not ended, as `change` says. */
export function endOpenImages(picture: DevicePicture, change: Partial<DeviceImage>): DevicePicture {
  return { ...picture, images: picture.images.map((image) => (isOpenImage(image) ? { ...image, ...change } : image)) }
}

/** Those that failed or were stopped stand in line again. */
export function requeueFailed(picture: DevicePicture): DevicePicture {
  return {
    ...picture,
    images: picture.images.map((image) => (image.status === 'failed' ? queued(image.index) : image)),
  }
}

/** The picture in the shape the feed shows generations in. `urls`: where its finished images can be seen, by deviceImageId. */
export function toGeneration(picture: DevicePicture, urls: ReadonlyMap<string, string>): GenerationDto {
  return {
    id: picture.id,
    createdAt: picture.madeAt,
    recipe: picture.recipe,
    recipeHash: picture.recipeHash,
    images: picture.images.map((image) => toImage(picture, image, urls)),
  }
}

function toImage(picture: DevicePicture, image: DeviceImage, urls: ReadonlyMap<string, string>): ImageDto {
  const id = deviceImageId(picture.id, image.index)
  const { errorCode } = image
  const facts = errorCode === null ? null : DEVICE_ERRORS[errorCode]
  return {
    id,
    index: image.index,
    seed: imageRecipe(picture.recipe, image.index).seed,
    status: image.status,
    step: image.status === 'done' ? picture.recipe.steps : 0,
    steps: picture.recipe.steps,
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
function messageOf({ errorCode, errorDetail }: DeviceImage): string {
  if (errorCode === 'unfit' && errorDetail !== null) return errorDetail
  return DEVICE_ERRORS[errorCode ?? 'internal'].message
}
