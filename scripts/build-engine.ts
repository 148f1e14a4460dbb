// Makes the browser's workers (the engine's and the comparison's, each in one piece) and ONNX Runtime beside them, each also
// compressed, under addresses that name their content. `node scripts/build-engine.ts` writes .engine/ and app/device/engine/generated/.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { rolldown } from 'rolldown'
import { ROOT } from './lib/node.mjs'

const OUT = join(ROOT, '.engine')
const GENERATED = join(ROOT, 'app', 'device', 'engine', 'generated')
const ORT_DIST = join(ROOT, 'node_modules', 'onnxruntime-web', 'dist')
/** The build for wasm alone and the one for WebGPU: loader, glue and module of each. */
const ORT_FILES = [
  'ort.wasm.min.mjs',
  'ort-wasm-simd-threaded.mjs',
  'ort-wasm-simd-threaded.wasm',
  'ort.webgpu.min.mjs',
  'ort-wasm-simd-threaded.asyncify.mjs',
  'ort-wasm-simd-threaded.asyncify.wasm',
]
/** 9 is 7 % smaller than 5 and takes 6 s for all; 11 takes minutes for 5 % more. */
const BROTLI_QUALITY = 9
const HASH_DIGITS = 16

type Files = ReadonlyMap<string, Uint8Array>

const worker = await writeGroup(
  'dewpoint',
  new Map([['engine-worker.js', await bundleWorker('app/device/engine/engine-worker.ts')]]),
)
const compare = await writeGroup(
  'compare',
  new Map([['compare-worker.js', await bundleWorker('app/pictures/check/compare-worker.ts')]]),
)
const ort = await writeGroup(
  'ort',
  new Map(await Promise.all(ORT_FILES.map(async (name) => [name, await readFile(join(ORT_DIST, name))] as const))),
)
await writeIfChanged(
  join(GENERATED, 'engine-files.ts'),
  `// Written by scripts/build-engine.ts: where this build's engine is. Not in git.
export const ENGINE_FILES = {
  worker: '/api/engine/${worker}/engine-worker.js',
  ort: '/api/engine/${ort}/',
  compare: '/api/engine/${compare}/compare-worker.js',
} as const
`,
)
// A page of an older build that asks now is told to reload.
for (const name of await readdir(OUT)) {
  if (![worker, ort, compare].includes(name)) await rm(join(OUT, name), { recursive: true, force: true })
}

async function bundleWorker(source: string): Promise<Uint8Array> {
  const bundle = await rolldown({
    input: join(ROOT, source),
    cwd: ROOT,
    platform: 'browser',
    // ORT is loaded by its address at run time; nothing else may be left out.
    external: [],
  })
  const { output } = await bundle.generate({ format: 'esm', minify: true, codeSplitting: false })
  await bundle.close()
  const [chunk, ...others] = output
  if (others.length > 0) throw new Error(`The worker is one file, got ${output.map((o) => o.fileName).join(', ')}`)
  return new TextEncoder().encode(chunk.code)
}

/** Writes the files and their compressed copies into `<name>-<hash of all>`. @returns the folder's name. */
async function writeGroup(name: string, files: Files): Promise<string> {
  const hash = createHash('sha256')
  for (const [file, bytes] of files) hash.update(`${file}\n${bytes.length}\n`).update(bytes)
  const folder = `${name}-${hash.digest('hex').slice(0, HASH_DIGITS)}`
  const target = join(OUT, folder)
  if (existsSync(target)) return folder
  // Beside and then renamed: a build that is stopped leaves nothing that looks finished.
  const draft = join(OUT, `.${folder}-${process.pid}`)
  await mkdir(draft, { recursive: true })
  for (const [file, bytes] of files) {
    await writeFile(join(draft, file), bytes)
    await writeFile(join(draft, `${file}.br`), await compressBrotli(bytes))
    await writeFile(join(draft, `${file}.gz`), await promisify(gzip)(bytes, { level: 9 }))
  }
  await rename(draft, target)
  return folder
}

function compressBrotli(bytes: Uint8Array): Promise<Uint8Array> {
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY,
    [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  }
  return promisify(brotliCompress)(bytes, { params })
}

/** Untouched when it says the same already, so that nothing is built again for it. */
async function writeIfChanged(file: string, text: string): Promise<void> {
  if (existsSync(file) && (await readFile(file, 'utf8')) === text) return
  await mkdir(GENERATED, { recursive: true })
  const draft = join(GENERATED, `.${basename(file)}.${process.pid}`)
  await writeFile(draft, text)
  await rename(draft, file)
}
