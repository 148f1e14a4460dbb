// Inpainting on the command line: real model, real files. Black of the mask stays to the value, white changes; made again it is the same.
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const SCRIPT = fileURLToPath(new URL('../../../gpu-worker/cli/generate.ts', import.meta.url))
const WORDS = ['a fox in the forest', '--seed', '7', '--steps', '4', '--strength', '1']

describe('npm run generate -- --mask', () => {
  let folder: string
  const run = (...args: string[]) =>
    new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
      execFile(
        process.execPath,
        [SCRIPT, ...args],
        { cwd: folder, env: { ...process.env, WORKER_THREADS: '1' } },
        (error, stdout, stderr) => resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
      )
    })
  const pixels = async (name: string) =>
    (await sharp(join(folder, name)).removeAlpha().raw().toBuffer({ resolveWithObject: true })).data

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dewpoint-mask-'))
    const plain = (width: number, height: number, background: string) =>
      sharp({ create: { width, height, channels: 3, background } })
    await plain(256, 256, '#2244cc').png().toFile(join(folder, 'blue.png'))
    await plain(256, 192, '#2244cc').png().toFile(join(folder, 'large.png'))
    const right = {
      input: { create: { width: 128, height: 256, channels: 3, background: '#ffffff' } },
      left: 128,
      top: 0,
    } as const
    await plain(256, 256, '#000000').composite([right]).png().toFile(join(folder, 'right.png'))
    const spot = {
      input: { create: { width: 40, height: 40, channels: 3, background: '#ffffff' } },
      left: 180,
      top: 100,
    } as const
    await plain(256, 192, '#000000').composite([spot]).png().toFile(join(folder, 'spot.png'))
    await plain(256, 256, '#000000').png().toFile(join(folder, 'black.png'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  it('repaints white, keeps black, and is reproduced with the same picture and mask', async () => {
    const beside = ['--image', 'blue.png', '--mask', 'right.png']
    const made = await run(...WORDS, ...beside, '--mask-blur', '0', '--out', 'half.png', '--json')
    expect({ code: made.code, stderr: made.stderr }).toEqual({ code: 0, stderr: '' })
    const { recipe } = JSON.parse(made.stdout).pictures[0]
    expect(recipe.mask).toMatchObject({ blurPx: 0, region: 'whole', paddingPx: 32 })
    const data = await pixels('half.png')
    const changed = { left: 0, right: 0 }
    for (let i = 0; i < data.length; i += 3) {
      const isKept = data[i] === 0x22 && data[i + 1] === 0x44 && data[i + 2] === 0xcc
      if (!isKept) changed[(i / 3) % 256 < 128 ? 'left' : 'right']++
    }
    expect(changed.left).toBe(0)
    expect(changed.right).toBeGreaterThan(24_000)

    const again = await run('--reproduce', 'half.png', ...beside, '--json')
    expect(JSON.parse(again.stdout)).toMatchObject({ bytesMatch: true, pixelsMatch: true })
    const without = await run('--reproduce', 'half.png', '--image', 'blue.png')
    expect(without).toMatchObject({ code: 2, stderr: expect.stringContaining('give it with --mask') })
    const other = await run('--reproduce', 'half.png', '--image', 'blue.png', '--mask', 'black.png')
    expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining(recipe.mask.hash) })
  })

  it('cuts out the mask’s surroundings of a larger picture and puts them back', async () => {
    const beside = ['--image', 'large.png', '--mask', 'spot.png', '--mask-region', 'masked', '--mask-padding', '16']
    const made = await run(...WORDS, ...beside, '--out', 'spotted.png', '--json')
    expect({ code: made.code, stderr: made.stderr }).toEqual({ code: 0, stderr: '' })
    const { width, height } = await sharp(join(folder, 'spotted.png')).metadata()
    expect([width, height]).toEqual([256, 192])
    const data = await pixels('spotted.png')
    const at = (x: number, y: number) => [...data.subarray((y * 256 + x) * 3, (y * 256 + x) * 3 + 3)]
    expect(at(10, 10)).toEqual([0x22, 0x44, 0xcc])
    expect(at(200, 120)).not.toEqual([0x22, 0x44, 0xcc])
    const again = await run('--reproduce', 'spotted.png', '--image', 'large.png', '--mask', 'spot.png', '--json')
    expect(JSON.parse(again.stdout)).toMatchObject({ bytesMatch: true })
  })

  it('says what is missing', async () => {
    expect(await run('a fox', '--mask', 'right.png')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--image'),
    })
    expect(await run('a fox', '--image', 'blue.png', '--mask-blur', '3')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('there is no --mask'),
    })
    expect(await run('a fox', '--image', 'blue.png', '--mask', 'gone.png')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--mask: gone.png cannot be read'),
    })
  })
})
