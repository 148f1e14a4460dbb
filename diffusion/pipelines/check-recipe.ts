// Whether a loaded model can make what a recipe asks for. The recipe's own rules are its schema's; these are the model's, and
// the ones between a recipe and the images that come with it. Each error is a RangeError with the rule and the received value.
import type { Recipe } from '#contracts/recipe.ts'
import { type NetworkUse, networksOf } from '#recipes/prompt/networks.ts'
import type { Mask } from '../images/mask.ts'
import type { RgbImage } from '../images/rgb-image.ts'
import type { Model } from '../model/load-model.ts'
import type { LatentSize } from '../model/unet.ts'
import type { Pass } from './passes.ts'

export interface RecipeImages {
  /** The image to start from; given exactly when the recipe has `input`. */
  readonly input?: RgbImage | undefined
  /** Given exactly when the recipe has `mask`; same size as the image. */
  readonly mask?: Mask | undefined
}

export function checkRecipe({ manifest, networks }: Model, recipe: Recipe, { input, mask }: RecipeImages): void {
  if (recipe.model.hash !== manifest.hash) {
    const asked = `${recipe.model.id} ${recipe.model.hash}`
    throw new RangeError(`This is ${manifest.id} ${manifest.hash}, the recipe asks for ${asked}`)
  }
  requireSameNetworks(networksOf(recipe), networks)
  if (recipe.count !== 1) throw new RangeError(`A run makes one image, the recipe asks for ${recipe.count}`)
  if (!Number.isFinite(recipe.guidanceScale)) {
    throw new RangeError(`The guidance scale is a finite number, got ${recipe.guidanceScale}`)
  }
  requireTogether('input', recipe.input, input)
  requireTogether('mask', recipe.mask, mask)
  if (recipe.mask && !recipe.input) throw new RangeError('A mask says what to repaint of an input, the recipe has none')
  if (recipe.mask && recipe.hires) throw new RangeError('A recipe with a mask has no second pass, this one has hires')
  if (input && mask && (mask.width !== input.width || mask.height !== input.height)) {
    throw new RangeError(`The mask is as large as the input, ${sides(input)}, got ${sides(mask)}`)
  }
  const isCutOut = recipe.mask?.region === 'masked'
  if (input && !isCutOut && (input.width !== recipe.width || input.height !== recipe.height)) {
    throw new RangeError(`The input image is ${sides(recipe)} as the recipe says, got ${sides(input)}`)
  }
}

/** @returns the shape of the pass's latents. */
export function latentSize({ unet, vae, manifest }: Model, { width, height }: Pass): LatentSize {
  const { scaleFactor } = vae
  const size = { channels: vae.latentChannels, height: height / scaleFactor, width: width / scaleFactor }
  const fixed = unet.fixedSides
  const multiple = fixed === undefined ? scaleFactor * unet.sideMultiple : scaleFactor
  if (width <= 0 || height <= 0 || width % multiple !== 0 || height % multiple !== 0) {
    throw new RangeError(`Width and height are multiples of ${multiple} for ${manifest.id}, got ${width}x${height}`)
  }
  if (fixed !== undefined && (fixed.height !== size.height || fixed.width !== size.width)) {
    const only = sides({ width: fixed.width * scaleFactor, height: fixed.height * scaleFactor })
    throw new RangeError(`${manifest.id} makes ${only} only, got ${width}x${height}`)
  }
  return size
}

function requireTogether(name: string, said: unknown, given: unknown): void {
  if (said !== undefined && given === undefined) throw new RangeError(`The recipe has ${name}, but none was given`)
  if (said === undefined && given !== undefined) throw new RangeError(`An ${name} was given, but the recipe has none`)
}

const sides = ({ width, height }: { width: number; height: number }): string => `${width}x${height}`

/** Networks are in the weights, so a model loaded with others makes another picture. */
function requireSameNetworks(asked: readonly NetworkUse[], loaded: readonly NetworkUse[]): void {
  const list = (networks: readonly NetworkUse[]): string =>
    networks.map(({ kind, name, hash, strength }) => `${kind} ${name} ${hash} at ${strength}`).join(', ') || 'none'
  if (list(asked) !== list(loaded))
    throw new RangeError(`The recipe needs the networks ${list(asked)}; the model is loaded with ${list(loaded)}`)
}
