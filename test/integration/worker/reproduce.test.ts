// Recipes back into pictures on the command line: real model, real files, a process for each command.
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Recipe } from '#contracts/recipe.ts'
import { canonicalJson } from '#recipes/hash.ts'
import { formatParameters } from '#recipes/metadata/a1111.ts'
import { readPngText, writePngText } from '#recipes/metadata/png.ts'
import { writeRecipe } from '#recipes/metadata/write-recipe.ts'

const SCRIPT = fileURLToPath(new URL('../../../gpu-worker/cli/generate.ts', import.meta.url))
const PROMPT = 'a panda eating tacos at the beach'
const FACTS = { modelName: 'Dewpoint', version: 'Dewpoint test' }

describe('npm run generate -- --recipe and --reproduce', () => {
  let folder: string
  let recipe: Recipe
  let original: Uint8Array<ArrayBuffer>
  let originalSha256: string

  const run = (...args: string[]) =>
    new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
      execFile(
        process.execPath,
        [SCRIPT, ...args],
        { cwd: folder, env: { ...process.env, WORKER_THREADS: '1' } },
        (error, stdout, stderr) => resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
      )
    })
  const json = async (expectedCode: number, ...args: string[]) => {
    const { code, stdout, stderr } = await run(...args, '--json')
    expect(stderr).toBe('')
    expect(code).toBe(expectedCode)
    return JSON.parse(stdout)
  }
  const write = (name: string, content: string | Uint8Array) => writeFile(join(folder, name), content)

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dewpoint-reproduce-'))
    const words = [
      '--model',
      'dewpoint',
      '--seed',
      '7',
      '--steps',
      '4',
      '--negative',
      'rain',
      '--sampler',
      'DPM++ 2M Karras',
    ]
    const { pictures } = await json(0, PROMPT, ...words, '--out', 'original.png')
    recipe = pictures[0].recipe
    originalSha256 = pictures[0].sha256
    original = new Uint8Array(await readFile(join(folder, 'original.png')))
    await write('r.json', canonicalJson(recipe))
    await sharp({ create: { width: 300, height: 200, channels: 3, background: '#2244cc' } })
      .png()
      .toFile(join(folder, 'blue.png'))
    await sharp({ create: { width: 300, height: 200, channels: 3, background: '#cc4422' } })
      .png()
      .toFile(join(folder, 'red.png'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  it('makes the same bytes from a recipe file and from the picture that holds it', async () => {
    const fromJson = await json(0, '--recipe', 'r.json', '--out', 'from-json.png')
    expect(fromJson.pictures[0]).toMatchObject({ sha256: originalSha256, recipe })
    const fromPicture = await json(0, '--recipe', 'original.png', '--out', 'from-picture.png')
    expect(fromPicture.pictures[0].sha256).toBe(originalSha256)
  })

  it("makes it from A1111's text too, where the model's name is known", async () => {
    await write('a1111.txt', formatParameters(recipe, FACTS))
    const { pictures } = await json(0, '--recipe', 'a1111.txt', '--out', 'from-text.png')
    expect(pictures[0].sha256).toBe(originalSha256)
  })

  it('takes a prompt and options beside a recipe instead of what it says', async () => {
    const words = ['a cat', '--recipe', 'r.json', '--seed', '8', '--count', '2', '--steps', '2', '--out', 'cats.png']
    const { pictures } = await json(0, ...words)
    expect(pictures.map((picture: { recipe: Recipe }) => picture.recipe)).toEqual([
      { ...recipe, prompt: 'a cat', seed: 8, steps: 2 },
      { ...recipe, prompt: 'a cat', seed: 9, steps: 2 },
    ])
  })

  it('makes as many pictures as the recipe says', async () => {
    await write('two.json', canonicalJson({ ...recipe, count: 2, steps: 1 }))
    const { pictures } = await json(0, '--recipe', 'two.json', '--out', 'two.png')
    expect(pictures.map((picture: { recipe: Recipe }) => picture.recipe.seed)).toEqual([7, 8])
  })

  it('says that a picture was reproduced to the byte, and writes nothing', async () => {
    const before = await readdir(folder)
    expect(await json(0, '--reproduce', 'original.png')).toMatchObject({
      bytesMatch: true,
      pixelsMatch: true,
      largestDifference: 0,
      psnrDb: null,
      made: { path: null, sha256: originalSha256 },
    })
    expect(await readdir(folder)).toEqual(before)
  })

  it('says that pixels match where only the file around them differs', async () => {
    const repacked = new Uint8Array(await sharp(original).png({ compressionLevel: 1 }).toBuffer())
    await write('repacked.png', writeRecipe(repacked, recipe, FACTS))
    const { code, stdout } = await run('--reproduce', 'repacked.png')
    expect(stdout).toBe('repacked.png: reproduced, the pixels are the same; the files differ around them\n')
    expect(code).toBe(0)
  })

  it('says how far a tampered picture is from what its recipe makes', async () => {
    const { data, info } = await sharp(original).raw().toBuffer({ resolveWithObject: true })
    // One value, off by 100: the mean squared difference is known exactly.
    const difference = 100
    data[3_000] = (data[3_000] ?? 0) + ((data[3_000] ?? 0) < 128 ? difference : -difference)
    const plain = await sharp(data, { raw: { width: info.width, height: info.height, channels: 3 } })
      .png()
      .toBuffer()
    await write('tampered.png', writeRecipe(new Uint8Array(plain), recipe, FACTS))
    const report = await json(1, '--reproduce', 'tampered.png', '--out', 'again.png')
    expect(report).toMatchObject({
      bytesMatch: false,
      pixelsMatch: false,
      differingCount: 1,
      largestDifference: difference,
    })
    expect(report.psnrDb).toBeCloseTo(10 * Math.log10((255 * 255 * data.length) / difference ** 2), 6)
    expect(originalSha256).toBe(report.made.sha256)
    expect(new Uint8Array(await readFile(join(folder, 'again.png')))).toEqual(original)
  })

  it('reads the recipe of a JPEG and says how far its pixels are', async () => {
    const jpeg = new Uint8Array(await sharp(original).jpeg({ quality: 90 }).toBuffer())
    await write('original.jpg', writeRecipe(jpeg, recipe, FACTS))
    const { code, stdout, stderr } = await run('--reproduce', 'original.jpg')
    expect(stderr).toBe('')
    expect(stdout).toMatch(
      /pixels differ in \d+ of 196608 values, by at most \d+ of 255; PSNR (2|3|4)\d\.\d\d dB; JPEG/,
    )
    expect(code).toBe(1)
  })

  it('asks for the very picture a recipe started from', async () => {
    const words = ['--model', 'dewpoint', '--seed', '7', '--steps', '4', '--image', 'blue.png', '--strength', '0.5']
    const { pictures } = await json(0, PROMPT, ...words, '--out', 'started.png')
    const { hash } = pictures[0].recipe.input
    const without = await run('--recipe', 'started.png')
    expect(without.stderr).toContain(hash)
    expect(without.stderr).toContain('give it with --image')
    expect(without.code).toBe(2)

    for (const option of ['--recipe', '--reproduce']) {
      const other = await run(option, 'started.png', '--image', 'red.png')
      expect(other.stderr).toMatch(/red\.png is not the picture started\.png started from.*SHA-256 is [0-9a-f]{64}/)
      expect(other.stderr).toContain(`the recipe names ${hash}`)
      expect(other.code).toBe(2)
    }
    expect(await json(0, '--reproduce', 'started.png', '--image', 'blue.png')).toMatchObject({ bytesMatch: true })
    const again = await json(0, '--recipe', 'started.png', '--image', 'blue.png', '--out', 'started-again.png')
    expect(again.pictures[0].sha256).toBe(pictures[0].sha256)
  })

  it.each([
    ['another hash', { id: 'dewpoint', hash: 'a'.repeat(64) }],
    ['an unknown name', { id: 'magic', hash: 'b'.repeat(64) }],
  ])(
    'names both models when the recipe has %s, and makes it with an installed one only when told to',
    async (_, model) => {
      await write('other.json', canonicalJson({ ...recipe, model }))
      const refused = await run('--recipe', 'other.json')
      expect(refused.stderr).toContain(`${model.id} (${model.hash}), which is not installed; installed:`)
      expect(refused.stderr).toContain(`dewpoint (${recipe.model.hash})`)
      expect(refused.code).toBe(2)

      const made = await json(0, '--recipe', 'other.json', '--model', 'dewpoint', '--out', 'other.png', '--force')
      expect(made.notes).toEqual([
        `other.json names the model ${model.id} (${model.hash}); made with dewpoint (${recipe.model.hash}), as asked`,
      ])
      expect(made.pictures[0].sha256).toBe(originalSha256)
    },
  )

  it('answers files it cannot use with one plain line and exit code 2', async () => {
    await write('empty.png', '')
    await write('words.txt', 'nothing of a recipe {')
    await write('broken.json', canonicalJson({ ...recipe, steps: 1_000 }))
    await write('next.json', canonicalJson({ ...recipe, version: 2 }))
    await write('cut.png', original.subarray(0, original.length / 2))
    // The texts come before the pixels, so the recipe can be read of a picture that cannot be.
    const { entries } = await readPngText(original)
    const truncated = writePngText(original, entries)
    await write('no-pixels.png', truncated.subarray(0, truncated.length - 5_000))
    for (const [words, rule] of [
      [['--recipe', 'missing.json'], /--recipe: missing.json cannot be read/],
      [['--recipe', '.'], /is no file/],
      [['--recipe', 'empty.png'], /holds no recipe/],
      [['--recipe', 'words.txt'], /words.txt holds no recipe/],
      [['--recipe', 'broken.json'], /The recipe breaks a rule: steps: Steps are 1 to 150/],
      [['--recipe', 'next.json'], /has version 2; this Dewpoint reads version 1/],
      [['--recipe', 'blue.png'], /blue.png holds no recipe/],
      [['--reproduce', 'r.json'], /is text, with no pixels to compare/],
      [['--reproduce', 'no-pixels.png'], /no-pixels.png/],
      [['--recipe', 'r.json', '--width', '128'], /makes 256x256, not 128x256/],
    ] as const) {
      const { code, stdout, stderr } = await run(...words)
      expect(stderr).toMatch(rule)
      expect(stderr.trimEnd()).not.toContain('\n')
      expect(stdout).toBe('')
      expect(code).toBe(2)
    }
  })

  it('answers --help without loading what runs models', async () => {
    const tracing = `data:text/javascript,import{registerHooks}from'node:module';registerHooks({resolve(s,c,n){if(/onnxruntime|sharp/.test(s))throw new Error('loaded '+s);return n(s,c)}})`
    const answer = await new Promise<{ stdout: string; stderr: string }>((resolve) => {
      execFile(process.execPath, ['--import', tracing, SCRIPT, '--help'], (_error, stdout, stderr) =>
        resolve({ stdout, stderr }),
      )
    })
    expect(answer.stderr).toBe('')
    expect(answer.stdout).toContain('--reproduce PICTURE')
  })
})
