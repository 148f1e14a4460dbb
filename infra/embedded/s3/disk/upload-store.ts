// Multipart uploads on disk: a folder per upload, a sealed file per part. Parts become an object only by complete().
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Checksum, ChecksumAlgorithm } from '../http/checksums.ts'
import { S3Error } from '../http/s3-error.ts'
import { type Folders, newTemporary } from './folders.ts'
import { KeyedMutex } from './keyed-mutex.ts'
import { openSealed, readSealed, writeSealed } from './sealed-file.ts'

export interface Upload {
  readonly bucket: string
  readonly key: string
  readonly headers: Readonly<Record<string, string>>
  readonly checksumAlgorithm: ChecksumAlgorithm | null
  /** FULL_OBJECT or COMPOSITE, where the client said. */
  readonly checksumType?: string
}

export interface PartFooter {
  readonly partNumber: number
  readonly etag: string
  readonly sizeBytes: number
  readonly lastModified: string
  readonly checksum: Checksum | null
}

const UPLOAD_ID = /^[0-9a-f]{32}$/
const PART_NAME = /^part-(\d{5})$/

export class UploadStore {
  readonly #folders: Folders
  readonly #closers = new KeyedMutex()

  constructor(folders: Folders) {
    this.#folders = folders
  }

  async create(upload: Upload): Promise<string> {
    const uploadId = randomBytes(16).toString('hex')
    // Made elsewhere and moved into place whole: an upload without its facts never exists.
    const temporary = newTemporary(this.#folders)
    await mkdir(temporary, { mode: 0o700 })
    await writeFile(path.join(temporary, 'upload.json'), JSON.stringify(upload))
    await rename(temporary, path.join(this.#folders.uploads, uploadId))
    return uploadId
  }

  /** The upload, or NoSuchUpload where the id is not one of this bucket and key. */
  async require(uploadId: string, bucket: string, key: string): Promise<Upload> {
    const json = UPLOAD_ID.test(uploadId)
      ? await readFile(path.join(this.#folder(uploadId), 'upload.json'), 'utf8').catch(nullIfGone)
      : null
    const upload = json === null ? null : (JSON.parse(json) as Upload)
    if (upload === null || upload.bucket !== bucket || upload.key !== key) throw noSuchUpload()
    return upload
  }

  async putPart(
    uploadId: string,
    part: { partNumber: number; bytes: AsyncIterable<Uint8Array>; checksum: () => Checksum | null; now: () => Date },
  ): Promise<PartFooter> {
    const temporary = newTemporary(this.#folders)
    const footer = await writeSealed<PartFooter>(temporary, part.bytes, ({ md5, sizeBytes }) => ({
      partNumber: part.partNumber,
      etag: `"${md5.toString('hex')}"`,
      sizeBytes,
      lastModified: part.now().toISOString(),
      checksum: part.checksum(),
    }))
    try {
      await rename(temporary, this.#part(uploadId, part.partNumber))
    } catch (error) {
      await unlink(temporary).catch(() => undefined)
      throw (error as NodeJS.ErrnoException).code === 'ENOENT' ? noSuchUpload({ cause: error }) : error
    }
    return footer
  }

  /** In order of their numbers. */
  async listParts(uploadId: string): Promise<PartFooter[]> {
    const names = (await readdir(this.#folder(uploadId))).filter((name) => PART_NAME.test(name)).sort()
    const parts = await Promise.all(
      names.map(async (name) => {
        const file = await openSealed<PartFooter>(path.join(this.#folder(uploadId), name))
        await file?.handle.close()
        return file?.footer ?? null
      }),
    )
    return parts.filter((part) => part !== null)
  }

  /** The parts' bytes, one after another; InvalidPart where one was replaced since `parts` was read. */
  async *readParts(uploadId: string, parts: readonly PartFooter[]): AsyncGenerator<Uint8Array> {
    for (const { partNumber, etag } of parts) {
      const file = await openSealed<PartFooter>(this.#part(uploadId, partNumber))
      if (file === null || file.footer.etag !== etag) {
        await file?.handle.close()
        throw new S3Error('InvalidPart', `Part ${partNumber} could not be found, or was replaced.`)
      }
      try {
        yield* readSealed(file)
      } finally {
        await file.handle.close()
      }
    }
  }

  /** One complete or abort at a time per upload. */
  exclusive<T>(uploadId: string, job: () => Promise<T>): Promise<T> {
    return this.#closers.run(uploadId, job)
  }

  async remove(uploadId: string): Promise<void> {
    await rm(this.#folder(uploadId), { recursive: true, force: true })
  }

  #folder(uploadId: string): string {
    return path.join(this.#folders.uploads, uploadId)
  }

  #part(uploadId: string, partNumber: number): string {
    return path.join(this.#folder(uploadId), `part-${String(partNumber).padStart(5, '0')}`)
  }
}

const noSuchUpload = (options?: ErrorOptions): S3Error =>
  new S3Error(
    'NoSuchUpload',
    'The specified multipart upload does not exist. It may have been aborted or completed.',
    options,
  )

function nullIfGone(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null
  throw error
}
