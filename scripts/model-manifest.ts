// Completes a model's manifest: `node scripts/model-manifest.ts models/<id>`. The folder's dewpoint.json is written by hand
// up to `examples`, with `"from": "<other id>"` for each file it shares with the model beside it; this fits `latentRgb` on the model's own pictures, reads what the graphs are fixed to and hashes the files. Run it after every change of them.
import { createHash } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { argv } from 'node:process'
import { type ModelManifest, modelManifestSchema } from '#contracts/model-manifest.ts'
import { loadModel } from '#diffusion/model/load-model.ts'
import { readGraph } from '#diffusion/onnx/graph.ts'
import { loadPipeline } from '#diffusion/pipelines/pipeline.ts'
import { runToEnd } from '#diffusion/pipelines/run-to-end.ts'
import { fitLatentRgb, type LatentRgbSample, latentRgbPsnr } from '#worker/models/fit-latent-rgb.ts'
import { graphFacts } from '#worker/models/measure-model.ts'
import { openModelFolder } from '#worker/models/model-folder.ts'
import { readLargestTensors } from '#worker/models/read-largest-tensors.ts'
import { createOnnxRuntime } from '#worker/runtime/onnx-runtime.ts'

/** Seeds per example prompt to fit on; one more is held out to state the error on. */
const SEEDS_FITTED = 3

const [folder] = argv.slice(2)
if (folder === undefined) throw new RangeError('Usage: node scripts/model-manifest.ts models/<id>')
const manifestPath = join(folder, 'dewpoint.json')
const written = JSON.parse(await readFile(manifestPath, 'utf8'))
const byHand = modelManifestSchema.omit({ latentRgb: true, files: true, hash: true }).parse(withoutComputed(written))

const files = await hashFiles(folder, sharedFiles(written.files))
for (const [path, file] of Object.entries(files)) {
  if (!path.endsWith('.onnx')) continue
  const { externalFiles } = readGraph(await openModelFolder(folder, files).readBytes(path))
  if (externalFiles.length > 0)
    files[path] = { ...file, weights: externalFiles.map((name) => `${dirname(path)}/${name}`) }
}
const hash = sha256(
  Object.entries(files)
    .map(([path, file]) => `${path} ${file.sha256}\n`)
    .join(''),
)
const unfitted: ModelManifest = {
  ...byHand,
  latentRgb: { weights: [[0, 0, 0]], bias: [0, 0, 0], psnrDb: 0 },
  files,
  hash,
}
const { fitted, heldOut } = await drawSamples(unfitted)
const map = fitLatentRgb(fitted)
const latentRgb = { ...map, psnrDb: round(latentRgbPsnr(heldOut, map), 2) }
const facts = {
  ...(await readFacts(unfitted)),
  largestTensorBytes: await readLargestTensors(openModelFolder(folder, files), Object.keys(files)),
}

await writeFile(
  manifestPath,
  `${JSON.stringify(modelManifestSchema.parse({ ...unfitted, ...facts, latentRgb }), null, 2)}\n`,
)
console.log(`${manifestPath}: ${Object.keys(files).length} files, hash ${hash}, latentRgb ${latentRgb.psnrDb} dB`)

function withoutComputed(json: Record<string, unknown>): Record<string, unknown> {
  const { latentRgb: _latentRgb, files: _files, hash: _hash, ...rest } = json
  return rest
}

/** {path: id of the model whose folder holds the file}, as the manifest says by hand or from the last time. */
function sharedFiles(files: Record<string, { from?: string }> = {}): Map<string, string> {
  return new Map(Object.entries(files).flatMap(([path, { from }]) => (from === undefined ? [] : [[path, from]])))
}

/** What the pipelines read, in path order; prose and the manifest itself do not change a pixel. */
async function hashFiles(root: string, shared: ReadonlyMap<string, string>): Promise<ModelManifest['files']> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const own = entries
    .filter((entry) => entry.isFile() && entry.name !== 'dewpoint.json' && !entry.name.endsWith('.md'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
  const both = own.find((path) => shared.has(path))
  if (both !== undefined) throw new RangeError(`${both} is said to be in ${shared.get(both)}, and is in ${root} too`)
  const hashed: ModelManifest['files'] = {}
  for (const path of [...own, ...shared.keys()].sort()) {
    const from = shared.get(path)
    const bytes = await readFile(from === undefined ? join(root, path) : join(root, '..', from, path))
    hashed[path] = { sha256: sha256(bytes), sizeBytes: bytes.length, ...(from !== undefined && { from }) }
  }
  return hashed
}

/** Finished latents with the pictures the decoder makes of them. */
async function drawSamples(manifest: ModelManifest) {
  const runtime = createOnnxRuntime({ provider: 'cpu', threads: 0 })
  const pipeline = await loadPipeline({ runtime, files: openModelFolder(folder ?? '', manifest.files), manifest })
  const fitted: LatentRgbSample[] = []
  const heldOut: LatentRgbSample[] = []
  const [size] = manifest.sizes
  if (size === undefined) throw new RangeError('A manifest offers at least one size')
  try {
    for (const prompt of manifest.examples) {
      for (let seed = 0; seed <= SEEDS_FITTED; seed++) {
        const run = await pipeline.start({
          recipe: {
            version: 1,
            model: { id: manifest.id, hash: manifest.hash },
            prompt,
            negativePrompt: '',
            seed,
            count: 1,
            ...size,
            ...manifest.defaults,
            noise: 'philox',
          },
        })
        const picture = await runToEnd(run)
        const sample = { latents: run.latents, size: run.size, picture }
        if (seed === SEEDS_FITTED) heldOut.push(sample)
        else fitted.push(sample)
      }
    }
  } finally {
    await pipeline.dispose()
  }
  return { fitted, heldOut }
}

async function readFacts(manifest: ModelManifest) {
  const runtime = createOnnxRuntime({ provider: 'cpu', threads: 0 })
  const model = await loadModel({ runtime, files: openModelFolder(folder ?? '', manifest.files), manifest })
  try {
    return graphFacts(model)
  } finally {
    await model.dispose()
  }
}

function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}
