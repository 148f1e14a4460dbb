// A finished picture in each format, with its recipe and without.
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import type { Recipe } from '#contracts/recipe.ts'
import { readRecipe } from '#recipes/metadata/read-recipe.ts'
import { readTexts } from '#recipes/metadata/read-texts.ts'
import { writeRecipe } from '#recipes/metadata/write-recipe.ts'
import { PROGRAM } from '#recipes/program.ts'
import { exportImage } from '#server/images/export-image.ts'
import { RECIPE } from '#test/recipes/recipe-fixture.ts'

const recipe: Recipe = { ...RECIPE, prompt: 'a panda 🐼 & tacos', width: 64, height: 64, steps: 4, sampler: 'euler' }
const plain = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#c84' } })
  .png()
  .toBuffer()
const stored = writeRecipe(plain, recipe, { modelName: 'V0', version: PROGRAM })

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
