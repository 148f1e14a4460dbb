// What is to be made again: one finished picture, in the history, only in this browser, or dropped as a file.
import type { GenerationDto, ImageDto } from '#contracts/generation.ts'
import type { Recipe } from '#contracts/recipe.ts'
import { imageRecipe } from '#recipes/image-recipe.ts'

export interface CheckSubject {
  /** Of this one image: count 1. */
  readonly recipe: Recipe
  /** Where its file is read. */
  readonly url: string
  /** Its id on the server; null: the server does not have it. */
  readonly imageId: string | null
  /** null: not known, as of a file. */
  readonly madeOn: ImageDto['madeOn'] | null
}

/** null: not finished. */
export function subjectOf({ recipe }: GenerationDto, image: ImageDto, isInHistory: boolean): CheckSubject | null {
  if (image.status !== 'done' || image.url === null) return null
  return {
    recipe: imageRecipe(recipe, image.index),
    url: image.url,
    imageId: isInHistory ? image.id : null,
    madeOn: image.madeOn,
  }
}

/** Where the picture may be made again, or why not, as keys of the messages. */
export function placesOf({ recipe, imageId }: CheckSubject): {
  readonly server: 'possible' | 'not-in-history'
  readonly device: 'possible' | 'starts-from-picture'
} {
  return {
    server: imageId === null ? 'not-in-history' : 'possible',
    // The prepared picture it started from is on the server alone.
    device: recipe.input === undefined ? 'possible' : 'starts-from-picture',
  }
}
