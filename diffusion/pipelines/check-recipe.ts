// Whether a loaded model can make what a recipe asks for. The recipe's own rules are the schema's; these are the model's.
import type { Recipe } from '#contracts/recipe.ts'
import type { Model } from '../model/load-model.ts'
import type { LatentSize } from '../model/unet.ts'
import type { RgbImage } from './images.ts'

/**
 * @returns the size of the latents.
 * @throws RangeError stating the rule and the received value.
 */
export function checkRecipe(model: Model, recipe: Recipe, input: RgbImage | undefined): LatentSize {
  const { unet, vae, manifest } = model
  if (recipe.model.hash !== manifest.hash) {
    throw new RangeError(
      `This is ${manifest.id} ${manifest.hash}, the recipe asks for ${recipe.model.id} ${recipe.model.hash}`,
    )
  }
  if (recipe.count !== 1) throw new RangeError(`A run makes one image, the recipe asks for ${recipe.count}`)
  const { scaleFactor } = vae
  const { width, height } = recipe
  if (width % scaleFactor !== 0 || height % scaleFactor !== 0) {
    throw new RangeError(`Width and height are multiples of ${scaleFactor} for ${manifest.id}, got ${width}x${height}`)
  }
  const size = { channels: vae.latentChannels, height: height / scaleFactor, width: width / scaleFactor }
  const fixed = unet.fixedSides
  if (fixed !== undefined && (fixed.height !== size.height || fixed.width !== size.width)) {
    throw new RangeError(
      `${manifest.id} makes ${fixed.width * scaleFactor}x${fixed.height * scaleFactor} only, got ${width}x${height}`,
    )
  }
  if ((recipe.input === undefined) !== (input === undefined)) {
    throw new RangeError(
      `The recipe ${recipe.input ? 'starts from an image, none was given' : 'has no input, an image was given'}`,
    )
  }
  if (input !== undefined && (input.width !== width || input.height !== height)) {
    throw new RangeError(`The input image is ${width}x${height} as the recipe says, got ${input.width}x${input.height}`)
  }
  return size
}
