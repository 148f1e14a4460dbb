// One model file from our server into the store: goes on where an earlier download ended, checks length and SHA-256, and keeps
// nothing that is not what the manifest says. One tab at a time per file; the others wait and find it there.
import pRetry from 'p-retry'
import { sha256Hex } from '#recipes/hash.ts'
import { DeviceError } from '../device-error.ts'
import type { ChosenFile } from './choose-files.ts'
import type { WeightStore } from './weight-store.ts'

export interface FetchFileOptions {
  readonly store: WeightStore
  readonly file: ChosenFile
  readonly url: string
  /** No byte for so long: the connection is given up. */
  readonly stallTimeoutMs: number
  readonly signal: AbortSignal
  /** Bytes of this file that are there. */
  readonly onBytes: (bytes: number) => void
}

/** Tries again by itself after a connection that broke: as often as a train has tunnels between two stations. */
const RETRIES = 2
const PAUSE_MS = 500
const HTTP_OK = 200
const HTTP_PARTIAL = 206
const HTTP_RANGE_NOT_SATISFIABLE = 416
const AGAIN = new Set(['download-cut', 'download-stalled', 'range-not-satisfiable'])

/** @throws DeviceError; what has arrived stays stored unless it was wrong. */
export async function fetchFile(options: FetchFileOptions): Promise<void> {
  const { store, file, signal } = options
  await store.exclusive(file.sha256, signal, async () => {
    // Another tab may have brought it meanwhile; whole files are checked when they are read.
    if ((await store.size(file.sha256)) === file.sizeBytes) return options.onBytes(file.sizeBytes)
    await pRetry(() => download(options), {
      retries: RETRIES,
      minTimeout: PAUSE_MS,
      signal,
      shouldRetry: ({ error }) => error instanceof DeviceError && AGAIN.has(error.code),
    }).catch((cause: unknown) => {
      throw signal.aborted ? canceled(cause) : cause
    })
    await check(options)
  })
}

async function download(options: FetchFileOptions): Promise<void> {
  const { store, file, url, signal } = options
  const there = await store.size(file.sha256)
  if (there > file.sizeBytes) await store.remove(file.sha256)
  const from = there > file.sizeBytes ? 0 : there
  if (from === file.sizeBytes && from > 0) return
  const stalled = new AbortController()
  const timer = createTimer(options.stallTimeoutMs, () => stalled.abort())
  try {
    const response = await fetch(url, {
      headers: from === 0 ? {} : { range: `bytes=${from}-` },
      signal: AbortSignal.any([signal, stalled.signal]),
      // The store is the cache: a second copy in the browser's would cost the room twice.
      cache: 'no-store',
    })
    const startsAt = await readStart(response, options, from)
    if (startsAt === 0 && from > 0) await store.remove(file.sha256)
    await receive(response, options, timer.restart)
  } catch (cause) {
    if (cause instanceof DeviceError) throw cause
    if (signal.aborted) throw canceled(cause)
    if (stalled.signal.aborted) {
      throw new DeviceError('download-stalled', `${file.source}: nothing for ${options.stallTimeoutMs} ms`, { cause })
    }
    throw new DeviceError('download-cut', `${file.source}: ${String(cause)}`, { cause })
  } finally {
    timer.stop()
  }
}

/** Where the answer's bytes belong: behind what is there, or at the beginning where the server knows no ranges. */
async function readStart(response: Response, { store, file }: FetchFileOptions, from: number): Promise<number> {
  if (response.status === HTTP_RANGE_NOT_SATISFIABLE) {
    await store.remove(file.sha256)
    throw new DeviceError('range-not-satisfiable', `${file.source}: bytes ${from}- of ${file.sizeBytes}`)
  }
  if (response.status !== HTTP_OK && response.status !== HTTP_PARTIAL) {
    // A server in trouble may be well again in a moment; one that says no means it.
    const code = response.status >= 500 ? 'download-cut' : 'download-refused'
    throw new DeviceError(code, `${file.source}: the server answered ${response.status}`)
  }
  const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get('content-range') ?? '')
  const startsAt = response.status === HTTP_OK ? 0 : Number(range?.[1])
  const total = response.status === HTTP_OK ? lengthOf(response) : Number(range?.[2])
  if ((startsAt !== from && startsAt !== 0) || (total !== undefined && total !== file.sizeBytes)) {
    await response.body?.cancel()
    await store.remove(file.sha256)
    throw new DeviceError(
      'download-wrong-length',
      `${file.source} has ${file.sizeBytes} bytes; asked from ${from}, got from ${startsAt} of ${total}`,
    )
  }
  return startsAt
}

/** Undefined where the transfer is compressed: its length is not the file's then. */
function lengthOf(response: Response): number | undefined {
  const length = response.headers.get('content-length')
  return length === null || response.headers.has('content-encoding') ? undefined : Number(length)
}

async function receive(response: Response, options: FetchFileOptions, alive: () => void): Promise<void> {
  const { store, file, onBytes } = options
  if (response.body === null) throw new DeviceError('download-cut', `${file.source}: an answer without a body`)
  const writer = await store.append(file.sha256)
  let bytes = writer.position
  let tooLong = false
  try {
    for await (const chunk of readChunks(response.body)) {
      alive()
      tooLong = bytes + chunk.length > file.sizeBytes
      if (tooLong) break
      writer.write(chunk)
      bytes += chunk.length
      onBytes(bytes)
    }
  } finally {
    writer.close()
  }
  if (tooLong) {
    await store.remove(file.sha256)
    throw new DeviceError('download-wrong-length', `${file.source} has ${file.sizeBytes} bytes, more were sent`)
  }
  if (bytes < file.sizeBytes) {
    throw new DeviceError('download-cut', `${file.source}: ${bytes} of ${file.sizeBytes} bytes arrived`)
  }
}

/** Safari's streams cannot be iterated yet. Leaving the loop early ends the connection. */
async function* readChunks(body: ReadableStream<Uint8Array<ArrayBuffer>>) {
  const reader = body.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

async function check({ store, file }: FetchFileOptions): Promise<void> {
  const bytes = await store.read(file.sha256)
  const found = bytes === null ? 'nothing' : await sha256Hex(bytes)
  if (found === file.sha256) return
  await store.remove(file.sha256)
  throw new DeviceError('download-wrong-bytes', `${file.source} should be ${file.sha256}, is ${found}`)
}

function createTimer(timeoutMs: number, onTimeout: () => void) {
  let timer = setTimeout(onTimeout, timeoutMs)
  return {
    restart() {
      clearTimeout(timer)
      timer = setTimeout(onTimeout, timeoutMs)
    },
    stop: () => clearTimeout(timer),
  }
}

const canceled = (cause: unknown): DeviceError => new DeviceError('canceled', 'The download was paused', { cause })
