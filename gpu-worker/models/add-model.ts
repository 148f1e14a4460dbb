// A model from a folder or a repository → an installed one. It is put together in a folder of its own, checked, measured and made
// to draw a picture there; only the whole of it is then renamed into place, so that half a model is never one.
import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, rm, stat, statfs, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { type ModelManifest, modelManifestSchema } from '#contracts/model-manifest.ts'
import { readConfig } from '#diffusion/runtime/read-config.ts'
import type { Runtime } from '#diffusion/runtime/runtime.ts'
import { readArchitecture } from './check-architecture.ts'
import { chooseFiles, requireSafePath } from './choose-files.ts'
import { hashFile } from './hash-file.ts'
import { measureModel } from './measure-model.ts'
import { type FolderFiles, openModelFolder } from './model-folder.ts'
import { AddModelError, type ModelSource, type SourceFile } from './model-sources.ts'
import { readLargestTensors } from './read-largest-tensors.ts'
import { readModelCard } from './read-model-card.ts'

export interface AddModelOptions {
  readonly source: ModelSource
  readonly modelsDir: string
  /** Default: made from the source's name. */
  readonly id?: string | undefined
  /** Stated where the model card states none. */
  readonly license?: string | undefined
  readonly allPrecisions: boolean
  readonly runtime: Runtime
  readonly signal: AbortSignal
  readonly report: AddReport
  /** Bytes free where the models are; the file system's own answer in the program. */
  readonly freeBytes?: (folder: string) => Promise<number>
}

/** What is going on, for whoever watches. */
export interface AddReport {
  /** Before anything is fetched. */
  onPlan(plan: { readonly id: string; readonly files: number; readonly totalBytes: number }): void
  onBytes(doneBytes: number, file: string): void
  onStage(stage: 'hashing' | 'measuring'): void
}

const PARTIAL = '.partial'
/** Left free beside the model: databases and logs go on meanwhile. */
const SPACE_MARGIN_BYTES = 200_000_000
const EXAMPLES = [
  'a panda eating tacos at the beach',
  'a lighthouse in a storm, oil painting',
  'a bowl of fruit on a wooden table',
]

/** @throws AddModelError naming the rule; RangeError where graphs and layout disagree. What was fetched stays for the next try. */
export async function addModel(options: AddModelOptions): Promise<ModelManifest> {
  const { source, modelsDir, signal, report } = options
  const id = options.id ?? idFrom(source.name)
  if (!modelManifestSchema.shape.id.safeParse(id).success)
    throw new AddModelError(
      `A model's id is lower-case letters, digits and . _ -; ${JSON.stringify(id)} is not. Give one with --id`,
    )
  if (await exists(join(modelsDir, id)))
    throw new AddModelError(`There is a model ${id} already; remove it first, or give this one another name with --id`)

  // 1. What there is, and whether it is a model at all, before gigabytes are fetched.
  for (const { path } of source.files) if (path.includes('..')) requireSafePath(path)
  const files = chooseFiles(source.files, options.allPrecisions)
  const index = files.find(({ path }) => path === 'model_index.json')
  if (index === undefined)
    throw new AddModelError(`${source.name} has no model_index.json, so it is not a diffusers model`)
  const folder = await openPartial(modelsDir, id, source)
  await fetchFile(source, index, folder, options, 0)
  const architecture = readArchitecture(
    await readConfig(openModelFolder(folder), 'model_index.json', z.unknown()),
    source.files,
  )

  // 2. The files, each held against its listed size and hash.
  const totalBytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  await requireSpace(options, folder, files)
  report.onPlan({ id, files: files.length, totalBytes })
  let doneBytes = 0
  for (const file of files) {
    if (file !== index) await fetchFile(source, file, folder, options, doneBytes)
    doneBytes += file.sizeBytes
  }

  // 3. The manifest: hashes, and what loading the model tells.
  report.onStage('hashing')
  const model = openModelFolder(folder)
  const hashed = await hashFiles(folder, files)
  const given = hashed['dewpoint.json'] === undefined ? undefined : await readGivenManifest(model)
  const { 'dewpoint.json': _own, ...listed } = Object.fromEntries(
    Object.entries(hashed).filter(([path]) => !path.endsWith('.md') && !path.startsWith('LICENSE')),
  )
  const largestTensorBytes = await readLargestTensors(
    model,
    files.map(({ path }) => path),
  )
  report.onStage('measuring')
  const facts = await measureModel({ runtime: options.runtime, files: model, architecture, signal })
  const card = await readModelCard(model)
  const manifest = modelManifestSchema.parse({
    manifestVersion: 1,
    id,
    name: source.name.split('/').at(-1),
    summary: card.summary ?? `Added from ${source.name}.`,
    license: options.license ?? card.license ?? 'not stated by its author',
    ...facts,
    examples: EXAMPLES,
    ...(card.triggerWords.length > 0 && { triggerWords: card.triggerWords }),
    ...given,
    ...(source.repo !== null &&
      source.revision !== null && { source: { repo: source.repo, revision: source.revision } }),
    files: listed,
    largestTensorBytes,
    hash: hashOf(listed),
  })

  // 4. Whole: into place, at once.
  await writeFile(join(folder, 'dewpoint.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  await rm(join(folder, MARKER), { force: true })
  await rename(folder, join(modelsDir, id))
  return manifest
}

/** `stabilityai/Stable Diffusion 2` → `stable-diffusion-2`. */
const idFrom = (name: string): string =>
  (name.split('/').at(-1) ?? '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+|-+$/g, '')

const MARKER = '.source.json'

/** Goes on with a half fetched model of the same state; what is left of another goes. */
async function openPartial(modelsDir: string, id: string, { name, revision }: ModelSource): Promise<string> {
  const folder = join(modelsDir, PARTIAL, id)
  const marker = JSON.stringify({ name, revision })
  const found = await readFile(join(folder, MARKER), 'utf8').catch(() => null)
  if (revision === null || found !== marker) await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, MARKER), marker)
  return folder
}

async function fetchFile(
  source: ModelSource,
  file: SourceFile,
  folder: string,
  { signal, report }: AddModelOptions,
  doneBefore: number,
): Promise<void> {
  const to = join(folder, file.path)
  await mkdir(dirname(to), { recursive: true })
  await source.fetch(file, { to, signal, onProgress: (bytes) => report.onBytes(doneBefore + bytes, file.path) })
  const { size } = await stat(to)
  if (size !== file.sizeBytes)
    throw new AddModelError(`${file.path} was listed with ${file.sizeBytes} bytes and has ${size}`)
}

async function requireSpace(options: AddModelOptions, folder: string, files: readonly SourceFile[]): Promise<void> {
  const freeBytes = await (options.freeBytes ?? freeBytesOf)(folder)
  let missingBytes = 0
  for (const { path, sizeBytes } of files) {
    const there = await Promise.all([sizeOf(join(folder, path)), sizeOf(join(folder, `${path}.part`))])
    missingBytes += Math.max(0, sizeBytes - Math.max(...there))
  }
  if (missingBytes + SPACE_MARGIN_BYTES > freeBytes)
    throw new AddModelError(
      `${options.source.name} needs ${gigabytes(missingBytes)} more, and ${gigabytes(SPACE_MARGIN_BYTES)} stay free; ${options.modelsDir} has ${gigabytes(freeBytes)}`,
    )
}

async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

async function hashFiles(folder: string, files: readonly SourceFile[]): Promise<ModelManifest['files']> {
  const hashed: ModelManifest['files'] = {}
  for (const { path } of files) {
    hashed[path] = { sha256: await hashFile(join(folder, path)), sizeBytes: (await stat(join(folder, path))).size }
  }
  return hashed
}

/** As the manifest's `hash` is defined: files in path order, so that the same model has the same hash wherever it is added. */
function hashOf(files: ModelManifest['files']): string {
  const lines = Object.entries(files)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, { sha256 }]) => `${path} ${sha256}\n`)
  return createHash('sha256').update(lines.join('')).digest('hex')
}

/** A model that carries a manifest of ours keeps what its author says; what is measured and hashed is found out anew. */
async function readGivenManifest(files: FolderFiles): Promise<Partial<ModelManifest>> {
  const shape = modelManifestSchema.partial().loose()
  const { name, summary, license, family, sizes, defaults, examples, triggerWords, latentRgb } = await readConfig(
    files,
    'dewpoint.json',
    shape,
  )
  const given = { name, summary, license, family, sizes, defaults, examples, triggerWords, latentRgb }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )
const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  )
const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(2)} GB`
