// The part of `npm run bench -- recipes` that needs gigabytes: hashing a model against reading it, and merging a LoRA into weights of
// Stable Diffusion 1.5's size.
import { spawnSync } from 'node:child_process'
import { createHash, randomFillSync } from 'node:crypto'
import { mkdir, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { ModelManifest } from '#contracts/model-manifest.ts'
import { readLora } from '#diffusion/networks/lora-file.ts'
import { mergeLora } from '#diffusion/networks/merge-lora.ts'
import { readGraph } from '#diffusion/onnx/graph.ts'
import { verifyModel } from '#worker/models/installed-models.ts'
import { openModelFolder } from '#worker/models/model-folder.ts'
import { type Row, row } from './measure.ts'
import { graphOf, isAttention, type Layer, loraFor, sd15Layers } from './sd15-unet.ts'

const MODEL_BYTES = 400_000_000
const READ_BYTES = 4 * 1024 * 1024
const DISK_RUNS = 3
const MERGE_RUNS = 2
/** What kohya's trainer takes when nobody says otherwise. */
const RANK = 16
/** Hashing may cost this much of the disk's speed. */
const VERIFY_SHARE = 0.8

export async function verifyRows(): Promise<Row[]> {
  // Where models are: a temporary folder is often in memory.
  const base = fileURLToPath(new URL('../../.data', import.meta.url))
  await mkdir(base, { recursive: true })
  const folder = await mkdtemp(join(base, 'bench-model-')).catch(() => mkdtemp(join(tmpdir(), 'bench-model-')))
  try {
    const path = join(folder, 'weights.bin')
    const sha256 = await writeRandom(path)
    const hash = createHash('sha256').update(`weights.bin ${sha256}\n`).digest('hex')
    const files = { 'weights.bin': { sha256, sizeBytes: MODEL_BYTES } }
    const model = { manifest: { ...MANIFEST, files, hash }, files: openModelFolder(folder) }
    const [cold, warm] = [true, false].map((isCold) => ({ isCold, read: [] as number[], verify: [] as number[] }))
    for (const { isCold, read, verify } of [cold, warm].filter((set) => set !== undefined)) {
      for (let run = 0; run < DISK_RUNS; run++) {
        read.push(await speed(isCold, path, () => readWhole(path)))
        verify.push(await speed(isCold, path, () => verifyModel(model)))
      }
    }
    const label = (what: string, isCold: boolean) => `${what} 0.4 GB, ${isCold ? 'from the disk' : 'from memory'}`
    const disk = median(cold?.read ?? [])
    return [cold, warm].flatMap((set) => {
      if (set === undefined) return []
      const verified = row({ what: label('verify a model of', set.isCold), values: set.verify, unit: 'MB/s' })
      const target = `≥ ${Math.round(VERIFY_SHARE * disk)} (${VERIFY_SHARE} of the disk)`
      return [
        row({ what: label('read', set.isCold), values: set.read, unit: 'MB/s' }),
        set.isCold ? { ...verified, target, met: verified.median >= VERIFY_SHARE * disk } : verified,
      ]
    })
  } finally {
    await rm(folder, { recursive: true })
  }
}

export async function mergeRows(): Promise<Row[]> {
  const layers = sd15Layers()
  const attention = layers.filter(isAttention)
  const rows: Row[] = []
  for (const dataType of ['float32', 'float16'] as const) {
    const { bytes, dataBytes } = graphOf(layers, dataType)
    const data = { bytes, external: new Map([['model.onnx_data', new Uint8Array(dataBytes)]]) }
    const graph = readGraph(bytes)
    for (const [what, chosen] of [
      ['attention', attention],
      ['every layer', layers],
    ] as const) {
      const file = loraFor(chosen, RANK)
      const values: number[] = []
      for (let run = 0; run <= MERGE_RUNS; run++) {
        const startMs = performance.now()
        const read = readLora(file, 'bench')
        mergeLora({ graph, data, part: 'unet', layers: read, strength: 0.8, layersPerBlock: 2, file: 'bench' })
        // The first touches memory nobody had yet.
        if (run > 0) values.push((performance.now() - startMs) / 1000)
        await delay(0)
      }
      const millions = Math.round(countOf(chosen) / 1e6)
      rows.push(
        row({
          what: `merge a LoRA of rank ${RANK} into SD 1.5, ${what} (${millions} million ${dataType})`,
          values,
          unit: 's',
        }),
      )
    }
  }
  return rows
}

const countOf = (layers: readonly Layer[]): number =>
  layers.reduce((sum, { shape }) => sum + shape.reduce((product, side) => product * side, 1), 0)

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

/** MB/s. Cold: the file is dropped from the page cache first, where `dd` can ask for that. */
async function speed(isCold: boolean, path: string, run: () => Promise<void>): Promise<number> {
  if (isCold) spawnSync('dd', [`if=${path}`, 'iflag=nocache', 'count=0'])
  const startMs = performance.now()
  await run()
  return MODEL_BYTES / 1e3 / (performance.now() - startMs)
}

async function readWhole(path: string): Promise<void> {
  const handle = await open(path)
  const buffer = Buffer.allocUnsafe(READ_BYTES)
  try {
    while ((await handle.read(buffer, 0, READ_BYTES)).bytesRead > 0);
  } finally {
    await handle.close()
  }
}

async function writeRandom(path: string): Promise<string> {
  const hash = createHash('sha256')
  const handle = await open(path, 'w')
  const block = Buffer.alloc(10_000_000)
  try {
    for (let at = 0; at < MODEL_BYTES; at += block.length) {
      randomFillSync(block)
      hash.update(block)
      await handle.write(block)
    }
    await handle.sync()
  } finally {
    await handle.close()
  }
  return hash.digest('hex')
}

const MANIFEST: Omit<ModelManifest, 'files' | 'hash'> = {
  manifestVersion: 1,
  id: 'bench',
  name: 'bench',
  summary: 'bench',
  license: 'MIT',
  family: 'sd1',
  sizes: [{ width: 512, height: 512 }],
  fixedSize: false,
  defaults: { steps: 20, guidanceScale: 7, sampler: 'ddim', schedule: 'automatic' },
  latentRgb: { weights: [[0, 0, 0]], bias: [0, 0, 0], psnrDb: 0 },
  examples: ['a panda'],
}
