// A finished picture in each format, with its recipe and without.
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import type { Recipe } from '#contracts/recipe.ts'
import { readRecipe } from '#recipes/metadata/read-recipe.ts'
import { readTexts } from '#recipes/metadata/read-texts.ts'
import { writeRecipe } from '#recipes/metadata/write-recipe.ts'
import { exportImage } from '#server/images/export-image.ts'

const recipe: Recipe = {
  version: 1,
  model: { id: 'dewpoint', hash: 'ab'.repeat(32) },
  prompt: 'a panda 🐼 & tacos',
  negativePrompt: '',
  seed: 7,
  count: 1,
  width: 64,
  height: 64,
  steps: 4,
  sampler: 'euler',
  schedule: 'automatic',
  guidanceScale: 4,
  noise: 'philox',
}
const plain = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#c84' } })
  .png()
  .toBuffer()
const stored = writeRecipe(plain, recipe, { modelName: 'V0', version: 'Dewpoint 0.1.0' })

describe.each(['png', 'jpeg', 'webp'] as const)('%s', (format) => {
  test('with its recipe holds all of it, and is that format', async () => {
    const file = await exportImage(stored, { format, recipe: 'with' })
    expect((await sharp(file).metadata()).format).toBe(format)
    expect((await readRecipe(file, { knownModels: [] })).recipe).toEqual(recipe)
  })

  test('without it holds no text at all, and the same picture', async () => {
    const file = await exportImage(stored, { format, recipe: 'without' })
    expect((await readTexts(file)).entries).toEqual([])
    const { width, height } = await sharp(file).metadata()
    expect([width, height]).toEqual([64, 64])
    if (format === 'png') expect(Buffer.from(file).equals(plain)).toBe(true)
  })
})
