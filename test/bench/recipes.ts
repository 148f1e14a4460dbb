// What reading costs while somebody types or drops a picture: parsing and analysing a prompt, and finding the recipe in a large file.
// How fast models are verified, and LoRAs merged into weights of SD 1.5's size. Medians of many runs; a 10 MB PNG is real, its pixels noise so that nothing compresses away, and no pixel of it is decoded.
import { randomFillSync } from 'node:crypto'
import sharp from 'sharp'
import type { Recipe } from '#contracts/recipe.ts'
import { loadTokenizer } from '#diffusion/model/tokenizer.ts'
import { analyzePrompt } from '#diffusion/prompt/analyze-prompt.ts'
import { readPrompt } from '#diffusion/prompt/read.ts'
import { readRecipe } from '#recipes/metadata/read-recipe.ts'
import { writeRecipe } from '#recipes/metadata/write-recipe.ts'
import { parsePrompt } from '#recipes/prompt/parse.ts'
import { openModelFolder } from '#worker/models/model-folder.ts'
import { type Row, row } from './measure.ts'
import { mergeRows, verifyRows } from './network-rows.ts'

const RUNS = 31
const WARM_UP = 5
/** The bounds. */
const PARSE_AT_MOST_MS = 5
const READ_AT_MOST_MS = 20

const PIECES = [
  'a panda, ',
  '(eating:1.2) tacos, ',
  '[dawn:dusk:0.5] light, ',
  '((detailed)), ',
  '{red|green} hat, ',
  '[a|b] ',
  'no \\(text\\), ',
]

const recipe: Recipe = {
  version: 1,
  model: { id: 'dewpoint', hash: 'ab'.repeat(32) },
  prompt: 'a panda eating tacos at the beach',
  negativePrompt: 'blurry',
  seed: 7,
  count: 1,
  width: 128,
  height: 128,
  steps: 25,
  sampler: 'ddim',
  schedule: 'automatic',
  guidanceScale: 4,
  noise: 'philox',
}

export default async function benchRecipes(): Promise<Row[]> {
  const prompt = promptOf(10_000)
  const tokenizer = await loadTokenizer(
    openModelFolder(new URL('../../models/dewpoint', import.meta.url).pathname),
    'tokenizer',
    24,
  )
  const [png, jpeg] = await Promise.all([tenMegabytes('png'), tenMegabytes('jpeg')])
  const options = { knownModels: [] }
  const read = async (file: Uint8Array) => {
    const report = await readRecipe(file, options)
    if (report.recipe?.seed !== recipe.seed) throw new Error('The recipe was not found in the file')
  }
  return [
    row({
      what: 'parse and read a prompt of 10 kB',
      values: await times(() => readPrompt(parsePrompt(prompt), { step: 1, steps: 30, seed: 1 })),
      unit: 'ms',
      atMost: PARSE_AT_MOST_MS,
    }),
    row({
      what: 'analyse a prompt of 1 kB, as on each keystroke',
      values: await times(() => analyzePrompt(promptOf(1_000), tokenizer)),
      unit: 'ms',
    }),
    row({
      what: `recipe out of a PNG of ${megabytes(png)} MB`,
      values: await times(() => read(png)),
      unit: 'ms',
      atMost: READ_AT_MOST_MS,
    }),
    row({
      what: `recipe out of a JPEG of ${megabytes(jpeg)} MB`,
      values: await times(() => read(jpeg)),
      unit: 'ms',
      atMost: READ_AT_MOST_MS,
    }),
    row({
      what: `recipe into a PNG of ${megabytes(png)} MB`,
      values: await times(() => writeRecipe(png, recipe, FACTS)),
      unit: 'ms',
    }),
    ...(await verifyRows()),
    ...(await mergeRows()),
  ]
}

const FACTS = { modelName: 'Dewpoint', version: 'Dewpoint' }
const megabytes = (file: Uint8Array): string => (file.length / 1e6).toFixed(1)

function promptOf(length: number): string {
  let text = ''
  for (let at = 0; text.length < length; at++) text += PIECES[at % PIECES.length] ?? ''
  return text.slice(0, length)
}

async function tenMegabytes(format: 'png' | 'jpeg'): Promise<Uint8Array> {
  const side = format === 'png' ? 1_826 : 2_900
  const noise = sharp(randomFillSync(Buffer.alloc(side * side * 3)), {
    raw: { width: side, height: side, channels: 3 },
  })
  const file =
    format === 'png'
      ? await noise.png({ compressionLevel: 1 }).toBuffer()
      : await noise.jpeg({ quality: 82 }).toBuffer()
  return writeRecipe(file, recipe, FACTS)
}

async function times(run: () => unknown): Promise<number[]> {
  const values: number[] = []
  for (let index = -WARM_UP; index < RUNS; index++) {
    const start = performance.now()
    await run()
    if (index >= 0) values.push(performance.now() - start)
  }
  return values
}
