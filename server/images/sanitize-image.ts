// Strangers' pictures, made harmless: each is decoded and re-encoded in a process of its own, which may crash, hang or grow
// without the server noticing more than an error. sha256 is that of the PNG file, the hash a recipe's input names.
import { type ChildProcess, fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import path from 'node:path'
import { DewpointError } from '#contracts/errors.ts'
import { UPLOAD_SIZE_MAX_BYTES } from '#contracts/limits.ts'
import { type ImageJob, isSide, replySchema } from './image-process/messages.ts'

export interface SanitizedImage {
  /** 8-bit sRGB, opaque, upright, without metadata. */
  readonly png: Uint8Array<ArrayBuffer>
  readonly width: number
  readonly height: number
  /** Of the PNG file, 64 lower-case hexadecimal digits. */
  readonly sha256: string
}

/** From the project's root and not from this file: a bundler moves this file and leaves the script where it is. */
const SCRIPT = path.join(/* turbopackIgnore: true */ process.cwd(), 'server/images/image-process/main.ts')
/** Forty megapixels of AVIF, the slowest of the four, took 4 s, and 8 s where nine others wanted the same two cores. */
const TIMEOUT_MS = 20_000

/**
 * Decodes an upload (PNG, JPEG, WebP or AVIF by content, first frame only) and encodes it as PNG. A picture whose shorter
 * side is over SIZE_MAX_PX is scaled down to that: no recipe asks for more.
 * Callers hold a slot (slots.ts) before they read the bytes. `signal`: whoever asked has hung up.
 * @throws DewpointError upload.unreadable, upload.too-large
 */
export async function sanitizeImage(bytes: Uint8Array, signal?: AbortSignal): Promise<SanitizedImage> {
  if (bytes.length === 0) throw new DewpointError('upload.unreadable', 'The file is empty')
  if (bytes.length > UPLOAD_SIZE_MAX_BYTES) {
    throw new DewpointError('upload.too-large', `${bytes.length} bytes; at most ${UPLOAD_SIZE_MAX_BYTES}`)
  }
  return runInProcess({ kind: 'sanitize', bytes }, signal)
}

/**
 * A sanitised PNG at one recipe's size: scaled to cover it, cut equally from both sides (Lanczos-3).
 * @throws DewpointError upload.unreadable
 */
export async function fitImage(
  png: Uint8Array,
  size: { width: number; height: number },
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  if (!isSide(size.width) || !isSide(size.height)) {
    throw new RangeError(`A picture's size is whole pixels within the limits, got ${size.width}x${size.height}`)
  }
  const fitted = await runInProcess({ kind: 'fit', bytes: png, ...size }, signal)
  return fitted.png
}

function runInProcess(job: ImageJob, signal?: AbortSignal): Promise<SanitizedImage> {
  signal?.throwIfAborted()
  const child = fork(SCRIPT, {
    // Nothing of ours goes along: no secrets, no loader hooks.
    env: {} as NodeJS.ProcessEnv,
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  const end = () => child.kill('SIGKILL')
  // Nobody waits for the answer any more.
  signal?.addEventListener('abort', end, { once: true })
  return converse(child, job).finally(() => {
    signal?.removeEventListener('abort', end)
    end()
  })
}

function converse(child: ChildProcess, job: ImageJob): Promise<SanitizedImage> {
  return new Promise((resolve, reject) => {
    let isReady = false
    let stderr = ''
    const refuse = (detail: string) => reject(new DewpointError('upload.unreadable', detail))
    const timer = setTimeout(() => refuse(`Decoding took longer than ${TIMEOUT_MS} ms`), TIMEOUT_MS)
    child.stderr?.on('data', (text: Buffer) => {
      stderr = (stderr + text).slice(-2_000)
    })
    child.on('message', (message) => {
      const reply = replySchema.safeParse(message)
      if (!reply.success) return refuse(`The image process sent nonsense: ${reply.error.message}`)
      const { data } = reply
      if (data.kind === 'refused') return reject(new DewpointError(data.code, data.detail))
      if (data.kind === 'picture') return resolve(withHash(data))
      isReady = true
      // A process that died before it took the job is seen by its exit.
      child.send(job, () => undefined)
    })
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      clearTimeout(timer)
      // Before it was ready no stranger's byte had reached it: then the fault is ours, and no person's picture's.
      if (isReady) refuse(`The image process ended with ${signal ?? code}`)
      else reject(new Error(`The image process did not start (${signal ?? code}): ${stderr}`))
    })
  })
}

function withHash({ png, width, height }: { png: Uint8Array; width: number; height: number }): SanitizedImage {
  const copy = new Uint8Array(png)
  return { png: copy, width, height, sha256: createHash('sha256').update(copy).digest('hex') }
}
