// A dropped picture's recipe, where it has one. The reader is fetched only when a picture is dropped; pixels are decoded only when no
// text holds a recipe, for the copy NovelAI hides in them.

import { UPLOAD_PIXELS_MAX, UPLOAD_SIZE_MAX_BYTES } from '#contracts/limits.ts'
import type { RecipeReport } from '#recipes/metadata/recipe-report.ts'

interface NamedModel {
  readonly id: string
  readonly name: string
  readonly hash: string
}

/** null: no recipe in it, or a file too large to be a picture we take. */
export async function readDroppedRecipe(file: File, models: readonly NamedModel[]): Promise<RecipeReport | null> {
  if (file.size > UPLOAD_SIZE_MAX_BYTES) return null
  const { readRecipe } = await import('#recipes/metadata/read-recipe.ts')
  const bytes = new Uint8Array(await file.arrayBuffer())
  const knownModels = models.map(({ id, name, hash }) => ({ id, name, hash }))
  const report = await readRecipe(bytes, { knownModels, readPixels: () => readPixels(file) })
  return report.dialect === undefined ? null : report
}

/** Only formats that keep the lowest bits. */
async function readPixels(file: File) {
  if (file.type !== 'image/png' && file.type !== 'image/webp') return undefined
  const bitmap = await createImageBitmap(file, { premultiplyAlpha: 'none', colorSpaceConversion: 'none' }).catch(
    () => null,
  )
  if (bitmap === null) return undefined
  try {
    const { width, height } = bitmap
    if (width * height > UPLOAD_PIXELS_MAX) return undefined
    const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })
    if (context === null) return undefined
    context.drawImage(bitmap, 0, 0)
    return { width, height, rgba: context.getImageData(0, 0, width, height).data }
  } finally {
    bitmap.close()
  }
}
