// Buckets and objects on disk. A reader sees an object whole, old or new; a writer that dies leaves a temporary file and nothing else.
import { mkdir, readdir, rmdir, stat, unlink } from 'node:fs/promises'
import path from 'node:path'
import type { Checksum } from '../http/checksums.ts'
import { S3Error } from '../http/s3-error.ts'
import { commit, type Folders, newTemporary, pruneEmpty } from './folders.ts'
import { keyToPath } from './key-path.ts'
import { KeyedMutex } from './keyed-mutex.ts'
import { type ListOptions, listKeys } from './list-keys.ts'
import { openSealed, type SealedFile, type WrittenFacts, writeSealed } from './sealed-file.ts'

/** What an object's footer holds. */
export interface ObjectFooter {
  readonly key: string
  /** Quoted, as in the header. */
  readonly etag: string
  readonly sizeBytes: number
  /** ISO 8601. */
  readonly lastModified: string
  /** content-type, cache-control, … and x-amz-meta-*, as the client sent them. */
  readonly headers: Readonly<Record<string, string>>
  readonly checksum: Checksum | null
}

export interface NewObject {
  readonly bucket: string
  readonly key: string
  readonly bytes: AsyncIterable<Uint8Array>
  readonly headers: Readonly<Record<string, string>>
  /** Throws where the object as it now is (null: none) may not be replaced. Asked before the bytes, and again at the end. */
  readonly allow: (current: ObjectFooter | null) => void
  /** ETag and checksum from what was written; by default the MD5 and none. */
  readonly describe?: (facts: WrittenFacts) => Promise<{ etag: string; checksum: Checksum | null }>
  readonly checksum?: () => Checksum | null
  readonly now: () => Date
}

/** Lower-case DNS labels, as S3 asks since 2020. */
const BUCKET_NAME = /^(?=.{3,63}$)[a-z0-9](?:[a-z0-9-]|\.(?!\.))*[a-z0-9]$/

export class ObjectStore {
  readonly #folders: Folders
  readonly #writers = new KeyedMutex()

  constructor(folders: Folders) {
    this.#folders = folders
  }

  async createBucket(bucket: string): Promise<void> {
    if (!BUCKET_NAME.test(bucket)) throw new S3Error('InvalidBucketName', 'The specified bucket is not valid.')
    await mkdir(path.join(this.#folders.buckets, bucket), { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
      throw new S3Error('BucketAlreadyOwnedByYou', 'Your previous request to create the named bucket succeeded.')
    })
  }

  async deleteBucket(bucket: string): Promise<void> {
    await rmdir(await this.requireBucket(bucket)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
      throw new S3Error('BucketNotEmpty', 'The bucket you tried to delete is not empty.')
    })
  }

  async listBuckets(): Promise<{ name: string; createdAt: Date }[]> {
    const names = (await readdir(this.#folders.buckets)).filter((name) => BUCKET_NAME.test(name)).sort()
    return Promise.all(
      names.map(async (name) => ({ name, createdAt: (await stat(path.join(this.#folders.buckets, name))).birthtime })),
    )
  }

  /** The bucket's folder, or NoSuchBucket. */
  async requireBucket(bucket: string): Promise<string> {
    const folder = path.join(this.#folders.buckets, bucket)
    const exists = BUCKET_NAME.test(bucket) && (await stat(folder).catch(() => null)) !== null
    if (!exists) throw new S3Error('NoSuchBucket', 'The specified bucket does not exist.')
    return folder
  }

  async put(object: NewObject): Promise<ObjectFooter> {
    const file = keyToPath(await this.requireBucket(object.bucket), object.key)
    object.allow(await this.#footer(file))
    const temporary = newTemporary(this.#folders)
    const footer = await writeSealed<ObjectFooter>(temporary, object.bytes, async (facts) => ({
      key: object.key,
      etag: `"${facts.md5.toString('hex')}"`,
      checksum: object.checksum?.() ?? null,
      ...(await object.describe?.(facts)),
      sizeBytes: facts.sizeBytes,
      lastModified: object.now().toISOString(),
      headers: object.headers,
    }))
    try {
      await this.#writers.run(file, async () => {
        object.allow(await this.#footer(file))
        // The bucket may be gone by now, and commit() would make its folder again.
        await this.requireBucket(object.bucket)
        await commit(temporary, file)
      })
    } catch (error) {
      await unlink(temporary).catch(() => undefined)
      throw error
    }
    return footer
  }

  /** The caller closes the handle. */
  async open(bucket: string, key: string): Promise<SealedFile<ObjectFooter>> {
    const object = await openSealed<ObjectFooter>(keyToPath(await this.requireBucket(bucket), key))
    if (object === null) throw new S3Error('NoSuchKey', 'The specified key does not exist.')
    return object
  }

  /** Deleting what is not there is no error. */
  async delete(bucket: string, key: string): Promise<void> {
    const root = await this.requireBucket(bucket)
    const file = keyToPath(root, key)
    await this.#writers.run(file, async () => {
      await unlink(file).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error
      })
      await pruneEmpty(root, file)
    })
  }

  async *list(bucket: string, options: ListOptions): AsyncGenerator<{ key: string; file: string }> {
    yield* listKeys(await this.requireBucket(bucket), options)
  }

  /** Facts of a listed file; null where it was deleted meanwhile. */
  async facts(file: string): Promise<ObjectFooter | null> {
    return this.#footer(file)
  }

  async #footer(file: string): Promise<ObjectFooter | null> {
    const object = await openSealed<ObjectFooter>(file)
    await object?.handle.close()
    return object?.footer ?? null
  }
}
