// Prompts through real text encoders: plain ones bit for bit what the encoder gives, long, weighted, scheduled and joined ones as
// the prompt language says.
import { afterAll, describe, expect, test } from 'vitest'
import { modelManifestSchema } from '#contracts/model-manifest.ts'
import type { Recipe } from '#contracts/recipe.ts'
import { loadModel, type Model } from '#diffusion/model/load-model.ts'
import { chunksMax, encodePrompts } from '#diffusion/pipelines/conditioning.ts'
import { loadPipeline } from '#diffusion/pipelines/pipeline.ts'
import { runToEnd } from '#diffusion/pipelines/run-to-end.ts'
import { openModelFolder } from '#worker/models/model-folder.ts'
import { cpu, tinyFiles, tinyManifest, tinyRecipe } from './tiny-models.ts'

const sd1 = loadModel({ runtime: cpu, files: tinyFiles('sd1'), manifest: tinyManifest('sd1') })
afterAll(async () => (await sd1).dispose())

async function encode(model: Model, overrides: Partial<Recipe>) {
  const recipe = tinyRecipe('sd1', overrides)
  const options = { recipe, steps: recipe.steps, guidanceScale: 7.5, needsUnconditional: true, signal: undefined }
  return encodePrompts(model, options)
}

async function direct(model: Model, text: string): Promise<Float32Array> {
  const [encoder] = model.textEncoders
  if (encoder === undefined) throw new Error('The tiny model has a text encoder')
  return (await encoder.encode(encoder.tokenizer.frame(encoder.tokenizer.tokenize(text)), 0)).hidden
}

describe('a plain prompt', () => {
  test('is encoded bit for bit as the text encoder gives it, in every weighting, at every step', async () => {
    const model = await sd1
    const prompt = 'a panda eating tacos at 10:30, at the beach: no joke'
    const expected = await direct(model, prompt)
    for (const weighting of [undefined, 'a1111', 'compel', 'none'] as const) {
      const at = await encode(model, { prompt, negativePrompt: '', ...(weighting && { weighting }) })
      for (const step of [0, 4]) {
        expect(at(step).conditional[0].conditioning.hidden).toEqual(expected)
        expect(at(step).unconditional?.hidden).toEqual(await direct(model, ''))
      }
    }
  })
})

describe('the prompt language', () => {
  test('a weight changes the embeds, and the two ways differ', async () => {
    const model = await sd1
    const hidden = async (weighting: 'a1111' | 'compel') =>
      (await encode(model, { prompt: 'a (panda:1.4)', weighting }))(0).conditional[0].conditioning.hidden
    const [a1111, compel, plain] = [await hidden('a1111'), await hidden('compel'), await direct(model, 'a panda')]
    expect(a1111).not.toEqual(plain)
    expect(compel).not.toEqual(plain)
    expect(compel).not.toEqual(a1111)
  })

  test('a long prompt is several windows, and the negative one is filled up to as many', async () => {
    const model = await sd1
    const [encoder] = model.textEncoders
    const words = Array.from({ length: 100 }, (_, n) => `w${n}`).join(' ')
    const step = (await encode(model, { prompt: words, negativePrompt: 'blurry' }))(0)
    const { hidden, width } = step.conditional[0].conditioning
    const windows = hidden.length / width / (encoder?.tokenizer.length ?? 1)
    expect(windows).toBeGreaterThan(1)
    expect(Number.isInteger(windows)).toBe(true)
    expect(step.unconditional?.hidden.length).toBe(hidden.length)
  })

  test('a schedule changes what is attended to at its step', async () => {
    const model = await sd1
    const at = await encode(model, { prompt: '[a panda:a fox:2]', steps: 5 })
    const hidden = (step: number) => at(step).conditional[0].conditioning.hidden
    expect(hidden(0)).toEqual(await direct(model, 'a panda'))
    expect(hidden(1)).toEqual(hidden(0))
    expect(hidden(2)).toEqual(await direct(model, 'a fox'))
    expect(hidden(4)).toEqual(hidden(2))
  })

  test('AND gives each prompt its own embeds and weight', async () => {
    const model = await sd1
    const { conditional } = (await encode(model, { prompt: 'a panda :1.2 AND a fox' }))(0)
    expect(conditional.map(({ weight }) => weight)).toEqual([1.2, 1])
    expect(conditional[1]?.conditioning.hidden).toEqual(await direct(model, 'a fox'))
  })
})

describe('the embedded model', () => {
  test('reads a long prompt in as many windows as it fills, and makes the picture', async () => {
    const files = openModelFolder(new URL('../../../models/dewpoint', import.meta.url).pathname)
    const manifest = modelManifestSchema.parse(
      JSON.parse(new TextDecoder().decode(await files.readBytes('dewpoint.json'))),
    )
    const model = await loadModel({ runtime: cpu, files, manifest })
    try {
      expect(chunksMax(model)).toBeGreaterThan(1)
      const bodyLength = model.textEncoders[0]?.tokenizer.bodyLength ?? 0
      const fits = Array.from({ length: bodyLength }, () => 'panda').join(' ')
      const short = (await encode(model, { prompt: fits }))(0).conditional[0].conditioning.hidden
      const long = (await encode(model, { prompt: `${fits} and a fox` }))(0).conditional[0].conditioning.hidden
      expect(long).toHaveLength(2 * short.length)
    } finally {
      await model.dispose()
    }
    const pipeline = await loadPipeline({ runtime: cpu, files, manifest })
    try {
      const recipe = tinyRecipe('sd1', {
        model: { id: manifest.id, hash: manifest.hash },
        prompt: `(a panda:1.2) AND {a fox|a cat} [next to|on top of] ${'a cake '.repeat(20)}`,
        steps: 2,
        width: 256,
        height: 256,
      })
      const picture = await runToEnd(await pipeline.start({ recipe }))
      expect(picture.rgb).toHaveLength(256 * 256 * 3)
    } finally {
      await pipeline.dispose()
    }
  })
})
