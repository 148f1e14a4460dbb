// LoRAs and textual inversion against diffusers, which read the same files and fused them itself
// (training/golden/export_network_goldens.py).
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import type { NetworkKind, NetworkRef, Recipe } from '#contracts/recipe.ts'
import type { NetworkFile } from '#diffusion/networks/with-networks.ts'
import { loadPipeline } from '#diffusion/pipelines/pipeline.ts'
import { runToEnd } from '#diffusion/pipelines/run-to-end.ts'
import type { ModelFiles } from '#diffusion/runtime/runtime.ts'
import { networksOf } from '#recipes/prompt/networks.ts'
import { relativeError, unpack } from '#test/golden/read-golden.ts'
import { expectGolden } from './expect-golden.ts'
import type { GoldenCase } from './golden-run.ts'
import { cpu, tinyFiles, tinyManifest, tinyRecipe } from './tiny-models.ts'

interface NetworkCase extends GoldenCase {
  readonly model: 'sd1' | 'sdxl'
  readonly networks: Readonly<Record<string, number>>
}
const GOLDEN = new URL('../../golden/', import.meta.url)
const goldens: { cases: readonly NetworkCase[] } = JSON.parse(
  readFileSync(new URL('pipelines/networks.json', GOLDEN), 'utf8'),
)

const fileOf = (name: string) => new URL(`networks/${name}.safetensors`, GOLDEN)
const ref = (kind: NetworkKind, name: string): NetworkRef => ({
  kind,
  name,
  hash: createHash('sha256')
    .update(readFileSync(fileOf(name)))
    .digest('hex'),
})
const files = (recipe: Recipe): NetworkFile[] =>
  networksOf(recipe).map((use) => ({ ...use, readBytes: async () => new Uint8Array(await readFile(fileOf(use.name))) }))

async function make(model: 'sd1' | 'sdxl', recipe: Recipe, modelFiles: ModelFiles = tinyFiles(model), dtype?: string) {
  const pipeline = await loadPipeline({
    runtime: cpu,
    files: modelFiles,
    manifest: tinyManifest(model),
    networks: files(recipe),
    ...(dtype === undefined ? {} : { dtype }),
  })
  try {
    const run = await pipeline.start({ recipe })
    const picture = await runToEnd(run)
    return { latents: run.latents, picture }
  } finally {
    await pipeline.dispose()
  }
}

/** The golden's call, with the networks as a person writes them. */
function recipeOf({ model, networks, recipe }: NetworkCase): Recipe {
  const tags = Object.entries(networks).map(([name, strength]) => `<lora:${name}:${strength}>`)
  const base = tinyRecipe(model, recipe)
  const words = ['tiny-cat', 'bad-hands'].filter((word) => `${base.prompt} ${base.negativePrompt}`.includes(word))
  return {
    ...base,
    prompt: base.prompt + tags.join(''),
    networks: [
      ...Object.keys(networks).map((name) => ref('lora', name)),
      ...words.map((word) => ref('embedding', word)),
    ],
  }
}

const byName = (name: string): NetworkCase => {
  const found = goldens.cases.find((golden) => golden.name === name)
  if (found === undefined) throw new Error(`There is no golden ${name}`)
  return found
}

describe('a model with networks', () => {
  // float32 sums in another order: the bound of the goldens without networks.
  test.each(goldens.cases)('makes what diffusers makes: $name', async (golden) => {
    expectGolden({ input: '', mask: '', cases: [] }, golden, await make(golden.model, recipeOf(golden)), 1e-4)
  })

  test('is another picture than the model alone', async () => {
    const plain = await make('sd1', tinyRecipe('sd1'))
    expect(relativeError(plain.latents, unpack(byName('kohya’s format'.replace('’', "'")).latents))).toBeGreaterThan(
      0.05,
    )
  })

  test('of float16 weights comes as close as float16 does', async () => {
    const golden = byName("kohya's format")
    const { latents } = await make('sd1', recipeOf(golden), tinyFiles('sd1'), 'fp16')
    expect(relativeError(latents, unpack(golden.latents))).toBeLessThan(0.05)
  })

  test('gives the untouched model back when it is loaded without them', async () => {
    const before = await make('sd1', tinyRecipe('sd1'))
    await make('sd1', recipeOf(byName("diffusers' format")))
    const after = await make('sd1', tinyRecipe('sd1'))
    expect(after).toEqual(before)
  })

  test('refuses a recipe that asks for other networks than it has', async () => {
    const recipe = recipeOf(byName("diffusers' format"))
    const pipeline = await loadPipeline({ runtime: cpu, files: tinyFiles('sd1'), manifest: tinyManifest('sd1') })
    await expect(pipeline.start({ recipe })).rejects.toThrow(
      /needs the networks lora style .* at 0.8; .* loaded with none/,
    )
    await pipeline.dispose()
  })

  test('refuses a file made for another kind of model, by the layer that shows it', async () => {
    const recipe = tinyRecipe('sd1', { prompt: 'a <lora:kohya-xl:1>', networks: [ref('lora', 'kohya-xl')] })
    await expect(make('sd1', recipe)).rejects.toThrow(/kohya-xl changes the text_encoder_2 \(lora_te2_/)
    const other = tinyRecipe('sdxl', { prompt: 'a <lora:style:1>', networks: [ref('lora', 'style')] })
    await expect(make('sdxl', other)).rejects.toThrow(/style: unet\..* is for a weight of 16 by 1?6, .* is 16 by 32/)
    const word = tinyRecipe('sdxl', { prompt: 'bad-hands', networks: [ref('embedding', 'bad-hands')] })
    await expect(make('sdxl', word)).rejects.toThrow('bad-hands has vectors for 1 text encoder, this model has 2')
  })

  test('refuses a file that is not the one the recipe means', async () => {
    const network: NetworkRef = { ...ref('lora', 'style'), hash: '0'.repeat(64) }
    const recipe = tinyRecipe('sd1', { prompt: 'a <lora:style:1>', networks: [network] })
    await expect(make('sd1', recipe)).rejects.toThrow(/lora style here has SHA-256 .* the recipe means 0000/)
  })
})
