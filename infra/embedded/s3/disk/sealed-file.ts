// A sealed file: bytes, then a JSON footer about them, then its length and a mark. One file and one rename, so an object
// and what is known of it appear together or not at all; and the bytes come first, so viewers still open it.
import { createHash } from 'node:crypto'
import { type FileHandle, open, unlink } from 'node:fs/promises'

const MARK = Buffer.from('dewps3v1')
const TAIL_SIZE_BYTES = 4 + MARK.length
/** Key, headers and user metadata are below 8 KiB together; more than this is a damaged file. */
const FOOTER_SIZE_MAX_BYTES = 64 * 1024
const USUAL_FOOTER_SIZE_BYTES = 2 * 1024
/** The network brings 64 KiB at a time; fewer, larger writes halve the time of a picture. */
const BATCH_SIZE_BYTES = 1024 * 1024

export interface WrittenFacts {
  readonly sizeBytes: number
  readonly md5: Buffer
}

export interface SealedFile<Footer> {
  readonly handle: FileHandle
  readonly footer: Footer
  readonly sizeBytes: number
}

/**
 * Writes `bytes` and the footer made from their facts to a new file, and waits until the disk has it. Where the bytes or
 * the disk fail, no file is left. The caller renames it into place.
 */
export async function writeSealed<Footer>(
  file: string,
  bytes: AsyncIterable<Uint8Array>,
  seal: (facts: WrittenFacts) => Footer | Promise<Footer>,
): Promise<Footer> {
  const handle = await open(file, 'wx', 0o600)
  try {
    const md5 = createHash('md5')
    let sizeBytes = 0
    let batch: Uint8Array[] = []
    let batchSizeBytes = 0
    for await (const piece of bytes) {
      md5.update(piece)
      sizeBytes += piece.length
      batch.push(piece)
      batchSizeBytes += piece.length
      if (batchSizeBytes < BATCH_SIZE_BYTES) continue
      await writeAll(handle, batch)
      batch = []
      batchSizeBytes = 0
    }
    const footer = await seal({ sizeBytes, md5: md5.digest() })
    const json = Buffer.from(JSON.stringify(footer), 'utf8')
    const length = Buffer.alloc(4)
    length.writeUInt32LE(json.length)
    await writeAll(handle, [...batch, json, length, MARK])
    await handle.datasync()
    await handle.close()
    return footer
  } catch (error) {
    await handle.close().catch(() => undefined)
    await unlink(file).catch(() => undefined)
    throw error
  }
}

/** Opens a sealed file, or null where there is none. The caller closes the handle. */
export async function openSealed<Footer>(file: string): Promise<SealedFile<Footer> | null> {
  const handle = await open(file, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
    throw error
  })
  if (handle === null) return null
  try {
    const { size } = await handle.stat()
    // One read brings the tail and, for all but the longest keys, the whole footer.
    const end = await readEnd(handle, Math.min(size, USUAL_FOOTER_SIZE_BYTES), size, file)
    if (end.length < TAIL_SIZE_BYTES || !end.subarray(-MARK.length).equals(MARK)) throw damaged(file)
    const footerSize = end.readUInt32LE(end.length - TAIL_SIZE_BYTES)
    const sizeBytes = size - TAIL_SIZE_BYTES - footerSize
    if (footerSize > FOOTER_SIZE_MAX_BYTES || sizeBytes < 0) throw damaged(file)
    const sealed = footerSize + TAIL_SIZE_BYTES
    const last = sealed <= end.length ? end.subarray(-sealed) : await readEnd(handle, sealed, size, file)
    const footer = JSON.parse(last.subarray(0, footerSize).toString('utf8')) as Footer
    return { handle, footer, sizeBytes }
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** The bytes from `start` to `end`, both included, without the footer. The caller closes the handle after the last. */
export async function* readSealed(
  { handle, sizeBytes }: SealedFile<unknown>,
  start = 0,
  end = sizeBytes - 1,
): AsyncGenerator<Uint8Array> {
  for (let at = start; at <= end; ) {
    const piece = Buffer.allocUnsafe(Math.min(BATCH_SIZE_BYTES, end - at + 1))
    const { bytesRead } = await handle.read(piece, 0, piece.length, at)
    if (bytesRead === 0) throw new Error('The file became shorter while it was read')
    yield piece.subarray(0, bytesRead)
    at += bytesRead
  }
}

async function writeAll(handle: FileHandle, pieces: readonly Uint8Array[]): Promise<void> {
  const bytes = pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces)
  for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at)).bytesWritten
}

async function readEnd(handle: FileHandle, length: number, size: number, file: string): Promise<Buffer> {
  const buffer = Buffer.alloc(length)
  const { bytesRead } = await handle.read(buffer, 0, length, size - length)
  if (bytesRead !== length) throw damaged(file)
  return buffer
}

const damaged = (file: string): Error => new Error(`${file} is damaged: it has no valid footer`)
