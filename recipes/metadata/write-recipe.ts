// A recipe into a picture file: A1111's infotext where every program looks for it, and our own canonical JSON beside it. PNG texts,
// EXIF UserComment and XMP in JPEG and WebP. Pixels stay as they are, byte for byte.
import type { Recipe } from '#contracts/recipe.ts'
import { canonicalJson } from '../hash.ts'
import { formatParameters, type ParametersFacts } from './a1111.ts'
import { writeExif } from './exif.ts'
import { isJpeg, writeJpegBlocks } from './jpeg.ts'
import { isPng, writePngText } from './png.ts'
import { isWebp, writeWebpBlocks } from './webp.ts'
import { writeXmp } from './xmp.ts'

/** PNG keywords: A1111's, which half the world reads, and ours. */
export const A1111_KEYWORD = 'parameters'
export const DEWPOINT_KEYWORD = 'dewpoint'

/**
 * The picture with the recipe of one image in its metadata, in place of any recipe it carried.
 * @throws TypeError when the file is no PNG, JPEG or WebP, or is damaged; RangeError when the recipe is of several images, or too
 * long for a JPEG's 64 kB segment.
 */
export function writeRecipe(file: Uint8Array, recipe: Recipe, facts: ParametersFacts): Uint8Array<ArrayBuffer> {
  const parameters = formatParameters(recipe, facts)
  const own = canonicalJson(recipe)
  if (isPng(file)) {
    return writePngText(file, [
      { keyword: A1111_KEYWORD, text: parameters },
      { keyword: DEWPOINT_KEYWORD, text: own },
    ])
  }
  const blocks = { exif: writeExif(parameters, facts.version), xmp: writeXmp(own) }
  if (isJpeg(file)) return writeJpegBlocks(file, blocks)
  if (isWebp(file)) return writeWebpBlocks(file, blocks)
  throw new TypeError('A recipe can be written into PNG, JPEG and WebP files')
}
