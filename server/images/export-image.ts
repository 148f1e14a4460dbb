// A finished picture as the person wants it: PNG, JPEG or WebP, with its recipe or without. The stored PNG carries the recipe, so
// nothing else is needed; a PNG with its recipe is the stored file itself.
import sharp from 'sharp'
import { z } from 'zod'
import { writeExif } from '#recipes/metadata/exif.ts'
import { writeJpegBlocks } from '#recipes/metadata/jpeg.ts'
import { readPngText, stripPngText } from '#recipes/metadata/png.ts'
import { writeWebpBlocks } from '#recipes/metadata/webp.ts'
import { writeXmp } from '#recipes/metadata/xmp.ts'

export const exportSchema = z.object({
  format: z.enum(['png', 'jpeg', 'webp']).default('png'),
  recipe: z.enum(['with', 'without']).default('with'),
})
export type ExportChoice = z.output<typeof exportSchema>

/** Visually lossless for these models' pictures at a third of the PNG's size. */
const JPEG_QUALITY = 92
const WEBP_QUALITY = 90
const SOFTWARE = 'Dewpoint'

/** @param png a picture of ours, as the worker wrote it. */
export async function exportImage(png: Uint8Array, { format, recipe }: ExportChoice): Promise<Uint8Array> {
  if (format === 'png') return recipe === 'with' ? png : stripPngText(png)
  const picture = sharp(png)
  const encoded = format === 'jpeg' ? picture.jpeg({ quality: JPEG_QUALITY }) : picture.webp({ quality: WEBP_QUALITY })
  const file = await encoded.toBuffer()
  if (recipe === 'without') return file
  const { entries } = await readPngText(png)
  const textOf = (wanted: string) => entries.find(({ keyword }) => keyword === wanted)?.text
  const [parameters, own] = [textOf('parameters'), textOf('dewpoint')]
  const blocks = {
    exif: parameters === undefined ? null : writeExif(parameters, SOFTWARE),
    xmp: own === undefined ? null : writeXmp(own),
  }
  return format === 'jpeg' ? writeJpegBlocks(file, blocks) : writeWebpBlocks(file, blocks)
}
