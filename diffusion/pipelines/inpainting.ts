// Repainting part of a picture. An inpainting U-Net (2C + 1 input channels) sees mask and masked latents beside the noisy ones;
// an ordinary one is held to the original outside the mask after every call. Either way the pixels outside the mask are the
// original's in the end.
import type { Recipe } from '#contracts/recipe.ts'
import { type Alpha, isRepainted, latentMask, type Mask, softenMask } from '../images/mask.ts'
import { cropImage, cropMask, paste, type Region, regionAround } from '../images/region.ts'
import { type RgbImage, toPixels } from '../images/rgb-image.ts'
import type { Model } from '../model/load-model.ts'
import type { LatentSize } from '../model/unet.ts'
import type { NoiseSource } from '../schedulers/scheduler.ts'

/** What a masked run starts from, at the size of its pass. */
export interface MaskedInput {
  readonly image: RgbImage
  /** How much of each pixel is new, softened. */
  readonly alpha: Alpha
  /** Puts the repainted pixels into the original. */
  readonly finish: (decoded: RgbImage) => RgbImage
}

export interface Inpainting {
  /** float32 [1 + channels, height, width], for a U-Net that takes them. */
  readonly extraChannels: Float32Array | undefined
  /** For an ordinary U-Net: what the latents outside the mask (0) are put back to, and the noise they carry until then. */
  readonly blend:
    | { readonly original: Float32Array; readonly noise: Float32Array; readonly mask: Float32Array }
    | undefined
  readonly finish: (decoded: RgbImage) => RgbImage
}

/** Cuts out the mask's surroundings where the recipe works at full resolution there. */
export function prepareMaskedInput(recipe: Recipe, image: RgbImage, mask: Mask): MaskedInput {
  const { blurPx, region: kind, paddingPx } = recipe.mask ?? { blurPx: 0, region: 'whole', paddingPx: 0 }
  const alpha = softenMask(mask, blurPx)
  const whole: Region = { x: 0, y: 0, width: image.width, height: image.height }
  const region = kind === 'whole' ? whole : regionAround(mask, paddingPx, recipe)
  const size = { width: recipe.width, height: recipe.height }
  return {
    image: cropImage(image, region, size),
    alpha: softenMask(cropMask(mask, region, size), (blurPx * size.width) / region.width),
    finish: (decoded) => paste(image, decoded, region, alpha.data),
  }
}

export const takesMask = (model: Model): boolean => model.unet.inputChannels === 2 * model.vae.latentChannels + 1

export interface PrepareInpaintingOptions {
  readonly model: Model
  readonly size: LatentSize
  readonly input: MaskedInput
  /** Latents of the input, and the noise they are given; what an ordinary U-Net is held to. */
  readonly original: Float32Array | undefined
  readonly drawn: Float32Array
  /** The encoder's posterior is drawn from it, after the initial noise, as in diffusers. */
  readonly noise: NoiseSource
}

export async function prepareInpainting(options: PrepareInpaintingOptions): Promise<Inpainting> {
  const { model, size, input, original, drawn, noise } = options
  const mask = latentMask(input.alpha, size, model.vae.scaleFactor)
  const { finish } = input
  if (!takesMask(model)) {
    if (original === undefined) throw new RangeError('Inpainting by blending needs the latents of the input')
    return { extraChannels: undefined, blend: { original, noise: drawn, mask }, finish }
  }
  return { extraChannels: await maskChannels(model, mask, maskOut(input), noise), blend: undefined, finish }
}

/** An inpainting U-Net making a picture from text: everything is to be painted, nothing is known. */
export async function unmaskedChannels(model: Model, size: LatentSize, noise: NoiseSource): Promise<Float32Array> {
  const { scaleFactor } = model.vae
  const sides = { width: size.width * scaleFactor, height: size.height * scaleFactor }
  const blank = { ...sides, data: new Float32Array(sides.width * sides.height * 3) }
  return maskChannels(model, new Float32Array(size.width * size.height).fill(1), blank, noise)
}

/** Pixels to repaint become mid-grey, 0 in [-1, 1]. */
function maskOut({ image, alpha }: MaskedInput) {
  const pixels = toPixels(image)
  const plane = image.width * image.height
  return { ...pixels, data: pixels.data.map((value, i) => (isRepainted(alpha.data[i % plane] ?? 0) ? 0 : value)) }
}

async function maskChannels(model: Model, mask: Float32Array, masked: ReturnType<typeof maskOut>, noise: NoiseSource) {
  const { latents } = await model.vae.encode(masked, noise)
  const channels = new Float32Array(mask.length + latents.length)
  channels.set(mask)
  channels.set(latents, mask.length)
  return channels
}

/** `values` where the mask is 1, `original` where it is 0; mask float32 [height, width] for every channel. */
export function keepUnmasked(values: Float32Array, original: Float32Array, mask: Float32Array): Float32Array {
  return values.map((value, i) => {
    const share = mask[i % mask.length] ?? 0
    return share * value + (1 - share) * (original[i] ?? 0)
  })
}
