// The command line as a process of its own: real model, real files, nothing else running.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { recipeSchema } from '#contracts/recipe.ts'
import { recipeHash } from '#recipes/hash.ts'
import { readPngText } from '#recipes/metadata/png.ts'
import { fitImage, sanitizeImage } from '#server/images/sanitize-image.ts'
import { prepareInput } from '#worker/picture/prepare-input.ts'

const SCRIPT = fileURLToPath(new URL('../../../scripts/run.mjs', import.meta.url))
const PROMPT = 'a panda eating tacos at the beach'

describe('npm run generate', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dewpoint-cli-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  const run = (...args: string[]) =>
    new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
      execFile(
        process.execPath,
        [SCRIPT, 'gpu-worker/cli/generate.ts', ...args],
        { cwd: folder },
        (error, stdout, stderr) => resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
      )
    })
  const json = async (...args: string[]) => {
    const { code, stdout, stderr } = await run(...args, '--json')
    expect(stderr).toBe('')
    expect(code).toBe(0)
    return JSON.parse(stdout)
  }

  it('writes the same bytes for the same recipe, with the recipe in them', async () => {
    const first = await json(PROMPT, '--seed', '7', '--steps', '4', '--out', 'one.png')
    const second = await json(PROMPT, '--seed', '7', '--steps', '4', '--out', 'two.png')
    expect(second.pictures[0].sha256).toBe(first.pictures[0].sha256)
    const [one, two] = await Promise.all(['one.png', 'two.png'].map((name) => readFile(join(folder, name))))
    expect(one?.equals(two ?? Buffer.alloc(0))).toBe(true)

    const { entries } = await readPngText(new Uint8Array(one ?? []))
    const recipe = recipeSchema.parse(JSON.parse(entries.find(({ keyword }) => keyword === 'dewpoint')?.text ?? ''))
    expect(recipe).toMatchObject({ prompt: PROMPT, seed: 7, steps: 4 })
    expect(await recipeHash(recipe)).toBe(first.pictures[0].recipeHash)
    expect(first.pictures[0].timings.totalMs).toBeGreaterThan(0)
    expect(first.graphs['unet/model.onnx'].calls).toBe(4)
  })

  it('writes one file per seed, and different pictures', async () => {
    const { pictures } = await json(PROMPT, '--seed', '1,2,3', '--steps', '2', '--out', 'many.png')
    expect(pictures.map(({ file }: { file: string }) => file)).toEqual(['many-1.png', 'many-2.png', 'many-3.png'])
    expect(new Set(pictures.map(({ sha256 }: { sha256: string }) => sha256)).size).toBe(3)
  })

  it('starts from a picture, and stays closer to it at a lower strength', async () => {
    await sharp({ create: { width: 300, height: 200, channels: 3, background: '#2244cc' } })
      .png()
      .toFile(join(folder, 'blue.png'))
    const distance = async (strength: string) => {
      const { pictures } = await json(
        PROMPT,
        '--seed',
        '7',
        '--steps',
        '10',
        '--image',
        'blue.png',
        '--strength',
        strength,
        '--out',
        `s${strength}.png`,
      )
      expect(pictures[0].recipe.input.strength).toBe(Number(strength))
      const { data } = await sharp(join(folder, `s${strength}.png`))
        .raw()
        .toBuffer({ resolveWithObject: true })
      let sum = 0
      for (let i = 0; i < data.length; i += 3) {
        sum +=
          Math.abs((data[i] ?? 0) - 0x22) + Math.abs((data[i + 1] ?? 0) - 0x44) + Math.abs((data[i + 2] ?? 0) - 0xcc)
      }
      return sum / data.length
    }
    expect(await distance('0.2')).toBeLessThan((await distance('1')) / 2)
  })

  it('prepares an input to the very bytes the website would, so that recipe hashes agree', async () => {
    const photo = await sharp({
      create: { width: 700, height: 411, channels: 4, background: { r: 200, g: 30, b: 90, alpha: 0.5 } },
    })
      .webp()
      .toBuffer()
    const size = { width: 128, height: 96 }
    const website = await fitImage((await sanitizeImage(new Uint8Array(photo))).png, size)
    const here = await prepareInput(photo, size)
    expect(here.png.equals(Buffer.from(website))).toBe(true)
  })

  it.each([
    [['', '--seed', '1'], /Write what you want to see/],
    [[PROMPT, '--width', '100'], /multiples of 8 pixels/],
    [[PROMPT, '--steps', '1000'], /Steps are 1 to 150/],
    [[PROMPT, '--model', 'magic'], /Unknown model "magic".*installed: /],
    [[PROMPT, '--image', 'missing.png'], /missing.png cannot be read/],
    [[PROMPT, '--image', 'one.png.txt'], /cannot be read/],
    [[PROMPT, '--out', 'one.png'], /one.png exists.*--force/],
  ])('answers %j with the rule and exit code 2', async (args, rule) => {
    const { code, stdout, stderr } = await run(...args)
    expect(stderr).toMatch(rule)
    expect(stderr).not.toContain('    at ')
    expect(stdout).toBe('')
    expect(code).toBe(2)
  })

  it('leaves no half file on Ctrl-C, and exits with 130', async () => {
    const before = await readdir(folder)
    const child = spawn(
      process.execPath,
      [SCRIPT, 'gpu-worker/cli/generate.ts', PROMPT, '--seed', '1,2', '--steps', '150', '--out', 'stopped.png'],
      { cwd: folder },
    )
    const ended = once(child, 'exit')
    let stdout = ''
    child.stdout.on('data', (chunk) => {
      stdout += chunk
    })
    // The first picture is whole; the second is in the making.
    while (!stdout.includes('stopped-1.png')) {
      await Promise.race([once(child.stdout, 'data'), ended])
      expect(child.exitCode).toBeNull()
    }
    child.kill('SIGINT')
    const [code] = await ended
    expect(code).toBe(130)
    expect((await readdir(folder)).filter((name) => !before.includes(name))).toEqual(['stopped-1.png'])
  })
})
