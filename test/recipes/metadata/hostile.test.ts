// Hostile files: whatever the bytes, readRecipe answers with a report, in bounded time, and says what is wrong. A seeded mutator over
// every fixture kind; TEST_EFFORT=25 is the long run.
import { deflateSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { Recipe } from '#contracts/recipe.ts'
import { encodeChunk, writePngText } from '#recipes/metadata/png.ts'
import { readRecipe } from '#recipes/metadata/read-recipe.ts'
import { writeRecipe } from '#recipes/metadata/write-recipe.ts'
import { PROGRAM } from '#recipes/program.ts'
import { effort, startWorkClock } from '#test/harness/effort.ts'
import { RECIPE } from '#test/recipes/recipe-fixture.ts'
import {
  asciiComment,
  avifWith,
  exifBlock,
  jpegWith,
  plainJpeg,
  plainPng,
  plainWebp,
  unicodeComment,
  webpWith,
  xmpPacket,
} from './files.ts'
import { options } from './options.ts'

const RUNS = effort(4_000)
/** Of work per file; most take well under a millisecond, anything quadratic takes minutes. */
const WORK_MAX_MS = 5_000

const recipe: Recipe = { ...RECIPE, prompt: 'a panda 🐼', seed: 1, width: 64, height: 64, steps: 4, sampler: 'euler' }
const facts = { modelName: 'Dewpoint', version: PROGRAM }
const A1111 =
  'a (cat:1.2)\nNegative prompt: x\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 64x64, Hashes: {"a": "b"}, Model: "x, y"'
const COMFY = JSON.stringify({
  3: {
    class_type: 'KSampler',
    inputs: {
      seed: 1,
      steps: 20,
      cfg: 8,
      sampler_name: 'euler',
      scheduler: 'normal',
      positive: ['6', 0],
      latent_image: ['5', 0],
    },
  },
  5: { class_type: 'EmptyLatentImage', inputs: { width: 64, height: 64 } },
  6: { class_type: 'CLIPTextEncode', inputs: { text: 'x' } },
  9: { class_type: 'SaveImage', inputs: { images: ['3', 0] } },
})
const INVOKE = '{"positive_prompt":"a+ (b c)1.2","scheduler":"euler","steps":3,"loras":[{}],"model":{"name":"m"}}'
const NOVELAI =
  '{"steps":28,"scale":5,"uc":"{a} [b] 1.2::c::","prompt":"{{x}}","v4_prompt":{"caption":{"base_caption":"y"}}}'
const png = (texts: Record<string, string>) =>
  writePngText(
    plainPng,
    Object.entries(texts).map(([keyword, text]) => ({ keyword, text })),
  )

const seeds: Buffer[] = [
  png({ parameters: A1111 }),
  png({
    prompt: COMFY,
    workflow: '{"nodes":[{"id":1,"type":"KSampler","widgets_values":[1]}],"links":[[1,2,0,3,0,"X"]]}',
  }),
  png({ invokeai_metadata: INVOKE, 'sd-metadata': INVOKE, Dream: '"a [b]" -s 5 -S 3' }),
  png({ Software: 'NovelAI', Comment: NOVELAI }),
  png({ parameters: '{"sui_image_params":{"prompt":"x","seed":"1"}}' }),
  png({
    'XML:com.adobe.xmp': xmpPacket(
      '<exif:UserComment><rdf:Alt><rdf:li>{"c":"x","scale":1}</rdf:li></rdf:Alt></exif:UserComment>',
    ),
  }),
  writeRecipe(plainPng, recipe, facts),
  writeRecipe(plainJpeg, recipe, facts),
  writeRecipe(plainWebp, recipe, facts),
  await jpegWith(exifBlock({ order: 'be', userComment: unicodeComment(A1111, 'be') })),
  await webpWith(exifBlock({ order: 'le', tags: { 272: `prompt:${COMFY}` }, userComment: asciiComment(A1111) })),
  await avifWith(A1111.replaceAll('\n', ' '), xmpPacket('<exif:UserComment>x</exif:UserComment>')),
  Buffer.concat([
    plainPng.subarray(0, 33),
    encodeChunk('zTXt', Buffer.concat([Buffer.from('parameters\0\0'), deflateSync(A1111)])),
    plainPng.subarray(33),
  ]),
  Buffer.from(A1111),
  Buffer.from(COMFY),
].map((file) => Buffer.from(file))

/** Deterministic 32-bit numbers: xorshift (Marsaglia 2003). */
function generator(seed: number): (limit: number) => number {
  let state = seed | 1
  return (limit) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % limit
  }
}

const SPICE = [
  '{',
  '[',
  '"',
  '\\',
  ':',
  ',',
  '\n',
  '\0',
  'Steps: ',
  'Negative prompt:',
  '\ud83d',
  '999999999999999999999',
  '-1',
  'NaN',
  '__proto__',
  '((((',
  '::',
  '++',
]

/** One to four changes: bytes flipped, cut, doubled, moved, lengths set to extremes, syntax thrown in, CRCs repaired now and then. */
function mutate(file: Buffer, random: (limit: number) => number): Buffer {
  let bytes = Buffer.from(file)
  for (let change = 0; change <= random(4); change++) {
    const at = random(bytes.length + 1)
    const other = Math.min(bytes.length, at + random(64))
    switch (random(9)) {
      case 0:
        if (at < bytes.length) bytes[at] = random(256)
        break
      case 1:
        bytes = Buffer.from(bytes.subarray(0, at))
        break
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, other), bytes.subarray(at)])
        break
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(other)])
        break
      case 4:
        if (at + 4 <= bytes.length)
          bytes.writeUInt32BE([0, 1, 0x7fffffff, 0xffffffff, 0xffff, bytes.length][random(6)] ?? 0, at)
        break
      case 5:
        bytes = Buffer.concat([
          bytes.subarray(0, at),
          Buffer.from(SPICE[random(SPICE.length)] ?? ''),
          bytes.subarray(at),
        ])
        break
      case 6:
        bytes = Buffer.concat([bytes.subarray(0, at), Buffer.alloc(random(300), random(256)), bytes.subarray(at)])
        break
      case 7:
        bytes = Buffer.concat([
          bytes.subarray(0, at),
          seeds[random(seeds.length)]?.subarray(random(200)) ?? Buffer.alloc(0),
        ])
        break
      default:
        bytes = Buffer.from(repairPng(bytes))
    }
  }
  // Half of the PNGs get right CRCs again, so that what is inside the chunks is reached.
  return random(2) === 0 ? repairPng(bytes) : bytes
}

/** Chunk CRCs put right, as an attacker would. */
function repairPng(bytes: Buffer): Buffer {
  if (!bytes.subarray(1, 4).equals(Buffer.from('PNG'))) return bytes
  const parts: Uint8Array[] = [bytes.subarray(0, 8)]
  let at = 8
  while (at + 12 <= bytes.length) {
    const length = bytes.readUInt32BE(at)
    if (at + 12 + length > bytes.length) break
    parts.push(encodeChunk(bytes.toString('latin1', at + 4, at + 8), bytes.subarray(at + 8, at + 8 + length)))
    at += 12 + length
  }
  return Buffer.concat([...parts, bytes.subarray(at)])
}

async function readTimed(file: Uint8Array, what: string) {
  const workedMs = startWorkClock()
  const report = await readRecipe(file, options)
  expect(workedMs(), what).toBeLessThan(WORK_MAX_MS)
  // A file that gave nothing says why.
  if (report.dialect === undefined) expect(report.problems.length, what).toBeGreaterThan(0)
  return report
}

test(`${RUNS} mutated files give reports, in time`, { timeout: 60_000 + RUNS * 20 }, async () => {
  const random = generator(20261123)
  const dialects = new Map<string, number>()
  let problems = 0
  for (let run = 0; run < RUNS; run++) {
    const seed = run % seeds.length
    const { dialect = 'none', problems: found } = await readTimed(
      mutate(seeds[seed] ?? Buffer.alloc(0), random),
      `run ${run}, seed ${seed}`,
    )
    dialects.set(dialect, (dialects.get(dialect) ?? 0) + 1)
    if (found.length > 0) problems++
  }
  // The mutator must reach both: recipes that survive, and damage that is named.
  expect(dialects.size).toBeGreaterThan(6)
  expect(problems).toBeGreaterThan(RUNS / 5)
})

describe('a wall of', () => {
  const MEGABYTE = effort(1024 * 1024)
  const fill = (unit: string, size = MEGABYTE / 2) => unit.repeat(Math.ceil(size / unit.length)).slice(0, size)

  test.each([
    ['nested JSON', '['],
    ['nested objects', '{"a":'],
    ['empty objects', '{"a":{},'],
    ['quotes', '"'],
    ['backslashes', '\\'],
    ['pairs', 'a: b, '],
    ['open JSON values', 'a:{,'],
    ['open strings', 'a:"\\",'],
    ['colons', ':'],
    ['commas and colons', ',:'],
    ['lines', '\n'],
    ['Steps lines', 'Steps: 1\n'],
    ['negative prompts', 'Negative prompt:\n'],
    ['brackets', '('],
    ['NaN', 'NaN,'],
    ['control characters', '\u0001'],
    ['entities', '&amp;'],
  ])('%s are answered in time, whatever text they stand in', { timeout: 60_000 }, async (_, unit) => {
    const text = fill(unit)
    const keys = ['parameters', 'prompt', 'invokeai_metadata', 'Comment', 'Dream']
    for (const keyword of keys) await readTimed(writePngText(plainPng, [{ keyword, text }]), keyword)
    await readTimed(png({ parameters: `x\nSteps: 1, Sampler: y, ${fill(unit, MEGABYTE / 8)}` }), 'settings')
    await readTimed(png({ 'XML:com.adobe.xmp': xmpPacket(`<exif:UserComment>${fill(unit, MEGABYTE / 8)}`) }), 'xmp')
    await readTimed(
      png({ parameters: `{"c":"${fill(unit, MEGABYTE / 8).replaceAll(/["\\\s\p{Cc}]/gu, 'x')}","scale":1}` }),
      'drawthings',
    )
    await readTimed(Buffer.from(text), 'file')
  })

  test('JSON nested past the limit, or cut off, is named', async () => {
    const deep = `{"prompt":${'['.repeat(100)}${']'.repeat(100)}}`
    expect((await readTimed(png({ parameters: deep, prompt: deep }), 'deep')).problems).toEqual([
      expect.stringContaining('nests 101 deep'),
    ])
    expect((await readTimed(png({ prompt: COMFY.slice(0, 100) }), 'cut')).problems).toEqual([
      expect.stringContaining('damaged or cut off'),
    ])
    const huge = png({ prompt: `{"a":"${'x'.repeat(5 * 1024 * 1024)}"}` })
    expect((await readTimed(huge, 'huge')).problems).toEqual([expect.stringContaining('characters long')])
  })

  test('a prompt far too long is left out and named', async () => {
    const { fields, ignored } = await readTimed(
      png({ parameters: `${'word '.repeat(800_000)}\nSteps: 1, Sampler: y, Seed: 2` }),
      'prompt',
    )
    expect(fields).toMatchObject({ steps: 1, seed: 2 })
    expect(fields).not.toHaveProperty('prompt')
    expect(ignored[0]).toMatchObject({ name: 'Prompt', reason: expect.stringContaining('up to 5000') })
  })

  test('a graph of ten thousand nodes, chained or crossed, ends in time', async () => {
    const nodes = Array.from({ length: 10_000 }, (_, id) => [
      String(id),
      {
        class_type: 'ConditioningCombine',
        inputs: { conditioning_1: [String((id + 1) % 10_000), 0], conditioning_2: [String((id + 2) % 10_000), 0] },
      },
    ])
    const graph = Object.fromEntries(nodes)
    graph.s = { class_type: 'KSampler', inputs: { positive: ['0', 0], seed: ['1', 0] } }
    await readTimed(png({ prompt: JSON.stringify(graph) }), 'graph')
  })

  test('a file of nothing but chunks, segments or boxes', async () => {
    const chunk = encodeChunk('teXt', new Uint8Array(0))
    const many = Buffer.concat([
      plainPng.subarray(0, 33),
      Buffer.concat(Array.from({ length: effort(300_000) }, () => chunk)),
    ])
    expect((await readTimed(many, 'png')).problems).toEqual([expect.stringContaining('cut off')])
    await readTimed(Buffer.concat([Buffer.from([0xff, 0xd8]), Buffer.alloc(4 * MEGABYTE, 0xff)]), 'jpeg fill')
    await readTimed(
      Buffer.concat([
        Buffer.from([0xff, 0xd8]),
        Buffer.concat(Array.from({ length: effort(500_000) }, () => Buffer.from([0xff, 0xfe, 0, 2]))),
      ]),
      'jpeg comments',
    )
    const riff = Buffer.alloc(12)
    riff.write('RIFF')
    riff.writeUInt32LE(0xffffffff, 4)
    riff.write('WEBP', 8)
    await readTimed(Buffer.concat([riff, Buffer.alloc(4 * MEGABYTE)]), 'webp')
    const boxes = Buffer.concat([
      Buffer.from('\0\0\0\x14ftypavif\0\0\0\0avif'),
      Buffer.concat(Array.from({ length: effort(400_000) }, () => Buffer.from('\0\0\0\x08free'))),
    ])
    await readTimed(boxes, 'avif')
  })
})
