// A model in a hub repository (huggingface.co, or another that speaks its API), pinned to one commit. Files are fetched in ranges,
// so that a dropped connection or a second `models add` goes on where the last one stopped, and held against the hub's hashes.
import { open, rename, rm, stat } from 'node:fs/promises'
import { fileDownloadInfo, type ListFileEntry, listFiles, modelInfo } from '@huggingface/hub'
import pRetry from 'p-retry'
import { hashFile } from './hash-file.ts'
import { AddModelError, type FetchOptions, type ModelSource, type SourceFile } from './model-sources.ts'

export interface HubOptions {
  readonly hubUrl: string
  readonly accessToken: string | undefined
  /** Global `fetch` in the program; tests count and break it. */
  readonly fetch: typeof fetch
  /** Before the second attempt; tests do not wait. */
  readonly firstWaitMs?: number
}

/** Attempts in a row that bring not one byte; each waits twice as long as the last. */
const FRUITLESS_MAX = 6
const FIRST_WAIT_MS = 1_000

/** @param revision branch, tag or commit. @throws AddModelError where the repository cannot be read. */
export async function openHubSource(
  name: string,
  revision: string | undefined,
  options: HubOptions,
): Promise<ModelSource> {
  const access = accessOf(options)
  const info = await modelInfo({
    name,
    ...(revision !== undefined && { revision }),
    additionalFields: ['sha'],
    ...access,
  }).catch(refuse(`${name}${revision === undefined ? '' : `@${revision}`} cannot be read`))
  const commit = info.sha
  if (typeof commit !== 'string' || !/^[0-9a-f]{40}$/.test(commit))
    throw new AddModelError(`The hub names no commit of ${name}, so its files could not be told from later ones`)
  const listed = new Map<string, ListFileEntry>()
  try {
    for await (const entry of listFiles({ repo: name, recursive: true, revision: commit, ...access })) {
      if (entry.type === 'file') listed.set(entry.path, entry)
    }
  } catch (cause) {
    refuse(`The files of ${name} cannot be listed`)(cause)
  }
  return {
    name,
    revision: commit,
    repo: name,
    files: [...listed.values()].map(({ path, size, lfs }) => ({ path, sizeBytes: lfs?.size ?? size })),
    async fetch(file, fetchOptions) {
      const entry = listed.get(file.path)
      if (entry === undefined) throw new AddModelError(`${name} lists no ${file.path}`)
      await download({ ...options, name, commit, file, entry, ...fetchOptions })
    },
  }
}

interface Download extends HubOptions, FetchOptions {
  readonly name: string
  readonly commit: string
  readonly file: SourceFile
  readonly entry: ListFileEntry
}

async function download(options: Download): Promise<void> {
  const { file, entry, to, onProgress, signal, firstWaitMs = FIRST_WAIT_MS } = options
  // Already whole from an earlier run: only hashing is left.
  if ((await sizeOf(to)) === file.sizeBytes && (await matches(to, entry))) return onProgress(file.sizeBytes)
  const part = `${to}.part`
  do {
    await pRetry(() => fetchSome(options, part), {
      retries: FRUITLESS_MAX - 1,
      minTimeout: firstWaitMs,
      signal,
      shouldRetry: ({ error }) => !(error instanceof AddModelError),
    }).catch(async (error: unknown) => {
      signal.throwIfAborted()
      if (error instanceof AddModelError) throw error
      throw new AddModelError(
        `${file.path} stopped at ${await sizeOf(part)} of ${file.sizeBytes} bytes (${messageOf(error)}); run the same command again to go on`,
        { cause: error },
      )
    })
  } while ((await sizeOf(part)) !== file.sizeBytes)
  if (!(await matches(part, entry))) {
    await rm(part, { force: true })
    throw new AddModelError(`${file.path} arrived with another hash than the hub lists; it was thrown away`)
  }
  await rename(part, to)
}

/** As fetchRest; a connection that ended early is no failure where it brought something. */
async function fetchSome(options: Download, part: string): Promise<void> {
  const before = await sizeOf(part)
  const failure = await fetchRest(options, part).catch((error: unknown) => {
    options.signal.throwIfAborted()
    if (error instanceof AddModelError) throw error
    return error
  })
  const there = await sizeOf(part)
  if (there <= before && there !== options.file.sizeBytes) throw failure ?? new Error('the connection ended')
}

/** One request for what is missing. Ends early where the connection does. @throws AddModelError where the hub contradicts itself. */
async function fetchRest(options: Download, part: string): Promise<undefined> {
  const { name, commit, file, onProgress, signal } = options
  const info = await fileDownloadInfo({ repo: name, path: file.path, revision: commit, ...accessOf(options) })
  if (info === null) throw new AddModelError(`${name} lists ${file.path} and has no such file`)
  if (info.size !== file.sizeBytes)
    throw new AddModelError(`${file.path} is listed with ${file.sizeBytes} bytes and offered with ${info.size}`)
  const start = await sizeOf(part)
  if (start >= file.sizeBytes && file.sizeBytes > 0) await rm(part, { force: true })
  const offset = start >= file.sizeBytes ? 0 : start
  const response = await options.fetch(info.url, {
    headers: {
      ...(file.sizeBytes > 0 && { range: `bytes=${offset}-${file.sizeBytes - 1}` }),
      // The token is the hub's; files themselves often lie elsewhere.
      ...(options.accessToken !== undefined &&
        isOnHub(info.url, options) && { authorization: `Bearer ${options.accessToken}` }),
    },
    signal,
  })
  if (response.status === 401 || response.status === 403 || response.status === 404)
    throw new AddModelError(`${file.path}: the hub answers ${response.status}; a gated repository wants HF_TOKEN`)
  if (!response.ok) throw new Error(`the hub answers ${response.status}`)
  // A server without ranges starts over, and so do we.
  const from = response.status === 206 ? rangeStart(response, file) : 0
  if (from !== offset && from !== 0)
    throw new AddModelError(`${file.path}: asked from byte ${offset}, got from ${from}`)
  const handle = await open(part, from === 0 ? 'w' : 'a')
  let at = from
  try {
    for await (const chunk of response.body ?? []) {
      at += chunk.length
      if (at > file.sizeBytes)
        throw new AddModelError(`${file.path} is longer than the ${file.sizeBytes} bytes it is listed with`)
      await handle.write(chunk)
      onProgress(at)
    }
  } finally {
    await handle.close()
  }
}

function rangeStart(response: Response, { path, sizeBytes }: SourceFile): number {
  const [, start, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get('content-range') ?? '') ?? []
  if (start === undefined || Number(total) !== sizeBytes)
    throw new AddModelError(
      `${path} is listed with ${sizeBytes} bytes and sent as ${response.headers.get('content-range')}`,
    )
  return Number(start)
}

/** Large files are listed with their SHA-256, small ones with git's SHA-1 of them. */
async function matches(path: string, { oid, lfs }: ListFileEntry): Promise<boolean> {
  if (lfs !== undefined) return (await hashFile(path)) === lfs.oid.replace(/^sha256:/, '')
  return (await hashFile(path, 'sha1', `blob ${await sizeOf(path)}\0`)) === oid
}

const isOnHub = (url: string, { hubUrl }: HubOptions): boolean => new URL(url).origin === new URL(hubUrl).origin

const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  )

const accessOf = ({ hubUrl, accessToken, fetch }: HubOptions) => ({
  hubUrl,
  fetch,
  ...(accessToken !== undefined && { accessToken }),
})

const refuse =
  (what: string) =>
  (cause: unknown): never => {
    throw new AddModelError(`${what}: ${messageOf(cause)}`, { cause })
  }

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
