// A recipe written into a picture comes back out whole, by our reader and by others', and the pixels stay as they are.
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import type { Recipe } from '#contracts/recipe.ts'
import { canonicalJson } from '#recipes/hash.ts'
import { formatParameters } from '#recipes/metadata/a1111.ts'
import { parseInfotext } from '#recipes/metadata/dialects/infotext.ts'
import { readRecipe } from '#recipes/metadata/read-recipe.ts'
import { readTexts } from '#recipes/metadata/read-texts.ts'
import { writeRecipe } from '#recipes/metadata/write-recipe.ts'
import { PROGRAM } from '#recipes/program.ts'
import { RECIPE } from '#test/recipes/recipe-fixture.ts'
import { exifBlock, jpegWith, losslessWebp, plainJpeg, plainPng, plainWebp, unicodeComment } from './files.ts'
import { options } from './options.ts'

const recipe: Recipe = {
  ...RECIPE,
  prompt: 'a panda 🐼 eating <tacos> & “café”,\nat the beach',
  negativePrompt: 'blurry, (text:1.2)',
  seed: 4294967295,
  height: 192,
  sampler: 'euler',
  guidanceScale: 7.5,
  weighting: 'compel',
}
const facts = { modelName: 'Dewpoint, first', version: PROGRAM }

const files = [
  ['PNG', plainPng],
  ['JPEG', plainJpeg],
  ['WebP', plainWebp],
  ['lossless WebP', losslessWebp],
] as const

describe.each(files)('%s', (_, file) => {
  test('gives the whole recipe back', async () => {
    const report = await readRecipe(writeRecipe(file, recipe, facts), options)
    expect(report).toMatchObject({ dialect: 'dewpoint', recipe, problems: [], ignored: [], translated: [] })
    expect(report.missingModel).toEqual({ name: 'dewpoint', hash: recipe.model.hash })
    const known = [{ id: 'dewpoint', name: 'Dewpoint', hash: recipe.model.hash }]
    expect(
      (await readRecipe(writeRecipe(file, recipe, facts), { ...options, knownModels: known })).fields.modelId,
    ).toBe('dewpoint')
  })

  test("holds A1111's text where A1111 looks", async () => {
    const { entries } = await readTexts(writeRecipe(file, recipe, facts))
    const text = entries.find(({ key }) => key === 'parameters' || key === 'exif:UserComment')?.text ?? ''
    expect(text).toBe(formatParameters(recipe, facts))
    expect(parseInfotext(text)).toMatchObject({ prompt: recipe.prompt, negativePrompt: recipe.negativePrompt })
    expect(parseInfotext(text)?.settings.get('Model')).toBe('Dewpoint, first')
  })

  test('keeps every pixel and every byte of the picture data, and decoders accept it', async () => {
    const written = writeRecipe(file, recipe, facts)
    const [before, after] = await Promise.all(
      [file, written].map((bytes) => sharp(bytes, { failOn: 'warning' }).raw().toBuffer()),
    )
    expect(after?.equals(before ?? Buffer.alloc(0))).toBe(true)
    const { width, height, exif, xmp } = await sharp(written).metadata()
    expect([width, height]).toEqual([32, 24])
    if (exif !== undefined) expect(xmp?.toString()).toContain('dewpoint:recipe')
  })

  test('written twice carries one recipe, the second', async () => {
    const twice = writeRecipe(writeRecipe(file, recipe, facts), { ...recipe, seed: 1 }, facts)
    expect((await readRecipe(twice, options)).recipe?.seed).toBe(1)
    expect((await readTexts(twice)).entries).toHaveLength(
      (await readTexts(writeRecipe(file, recipe, facts))).entries.length,
    )
  })
})

describe('writing a recipe', () => {
  test('takes the place of what another program wrote', async () => {
    const foreign = await jpegWith(
      exifBlock({ order: 'le', userComment: unicodeComment('someone else\nSteps: 1, a: b, c: d', 'le') }),
    )
    const { entries } = await readTexts(writeRecipe(foreign, recipe, facts))
    expect(entries.filter(({ key }) => key === 'exif:UserComment')).toHaveLength(1)
    expect(entries.map(({ text }) => text).join()).not.toContain('someone else')
  })

  test('the longest prompts allowed fit into a JPEG', async () => {
    const long = { ...recipe, prompt: '漢'.repeat(5000), negativePrompt: 'é&'.repeat(2500) }
    expect((await readRecipe(writeRecipe(plainJpeg, long, facts), options)).recipe).toEqual(long)
  })

  test('refuses other files and damaged ones', () => {
    expect(() => writeRecipe(Buffer.from('GIF89a'), recipe, facts)).toThrow('PNG, JPEG and WebP')
    expect(() => writeRecipe(plainJpeg.subarray(0, 40), recipe, facts)).toThrow('cut off')
    expect(() => writeRecipe(plainWebp.subarray(0, 20), recipe, facts)).toThrow('cut off')
    expect(() => writeRecipe(plainPng, { ...recipe, count: 2 }, facts)).toThrow(RangeError)
  })

  test('a recipe of a version not known here, or one that breaks a rule, says so and falls back to the infotext', async () => {
    const png = writeRecipe(plainPng, recipe, facts)
    const replace = (from: string, to: string) =>
      Buffer.from(Buffer.from(png).toString('latin1').replace(from, to), 'latin1')
    // The checksum no longer fits, which is a problem of its own: the text is not believed.
    expect((await readRecipe(replace('"version":1', '"version":9'), options)).problems).toEqual([
      expect.stringContaining('checksum'),
    ])
    const newer = await readRecipe(Buffer.from(canonicalJson({ ...recipe, version: 9 })), options)
    expect(newer.problems).toEqual([expect.stringContaining('version 9')])
    const broken = await readRecipe(Buffer.from(canonicalJson({ ...recipe, steps: 0 })), options)
    expect(broken.problems).toEqual([expect.stringContaining('steps')])
    expect((await readRecipe(Buffer.from(canonicalJson(recipe)), options)).recipe).toEqual(recipe)
  })
})
