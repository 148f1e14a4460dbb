// ListObjectsV2: keys in byte order, grouped at a delimiter, page by page.
import type { ObjectFooter, ObjectStore } from '../disk/object-store.ts'
import { encode } from '../http/parse-request.ts'
import { S3Error } from '../http/s3-error.ts'
import { bucketOf, type Operation, OWNER, sendXml } from './context.ts'

const PAGE_SIZE_MAX = 1_000
/** Footers read at once: fast enough, and far from the usual limit of 1,024 open files. */
const OPEN_FILES_MAX = 64

interface Page {
  readonly contents: { key: string; file: string }[]
  readonly prefixes: string[]
  /** The last key or prefix of the page, where there is more. */
  readonly next: string | null
}

export const listObjects: Operation = async ({ request, response, objects }) => {
  const { query } = request
  if (query['list-type'] !== '2')
    throw new S3Error('NotImplemented', 'Only ListObjectsV2 (list-type=2) is implemented.')
  const bucket = bucketOf(request)
  const prefix = query.prefix ?? ''
  const delimiter = query.delimiter ?? ''
  const token = query['continuation-token']
  const startAfter = query['start-after']
  const maxKeys = readMaxKeys(query['max-keys'])
  const encodeKey = readEncoding(query['encoding-type'])

  const after = token === undefined ? (startAfter ?? '') : readToken(token)
  const page = await readPage(objects, bucket, { prefix, delimiter, after, maxKeys })
  const footers = await readFooters(objects, page.contents)
  sendXml(response, 'ListBucketResult', {
    Name: bucket,
    Prefix: encodeKey(prefix),
    Delimiter: delimiter === '' ? undefined : encodeKey(delimiter),
    StartAfter: startAfter === undefined ? undefined : encodeKey(startAfter),
    ContinuationToken: token,
    NextContinuationToken: page.next === null ? undefined : writeToken(page.next),
    EncodingType: query['encoding-type'],
    MaxKeys: maxKeys,
    KeyCount: footers.length + page.prefixes.length,
    IsTruncated: page.next !== null,
    Contents: footers.map((footer) => ({
      Key: encodeKey(footer.key),
      LastModified: footer.lastModified,
      ETag: footer.etag,
      Size: footer.sizeBytes,
      StorageClass: 'STANDARD',
      Owner: query['fetch-owner'] === 'true' ? OWNER : undefined,
    })),
    CommonPrefixes: page.prefixes.map((commonPrefix) => ({ Prefix: encodeKey(commonPrefix) })),
  })
}

async function readPage(
  objects: ObjectStore,
  bucket: string,
  options: { prefix: string; delimiter: string; after: string; maxKeys: number },
): Promise<Page> {
  const { prefix, delimiter, after, maxKeys } = options
  const contents: Page['contents'] = []
  const prefixes: string[] = []
  let last: string | null = null
  for await (const entry of objects.list(bucket, { prefix, after })) {
    const group = groupOf(entry.key, prefix, delimiter)
    // A group already listed, on this page or (its name is then the starting point) on the one before.
    if (group !== null && (group === prefixes.at(-1) || group === after)) continue
    if (contents.length + prefixes.length >= maxKeys) return { contents, prefixes, next: last }
    if (group === null) contents.push(entry)
    else prefixes.push(group)
    last = group ?? entry.key
  }
  return { contents, prefixes, next: null }
}

/** `a/b/` for key `a/b/c`, prefix `a/` and delimiter `/`; null where the key stands for itself. */
function groupOf(key: string, prefix: string, delimiter: string): string | null {
  const at = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
  return at === -1 ? null : key.slice(0, at + delimiter.length)
}

async function readFooters(objects: ObjectStore, contents: Page['contents']): Promise<ObjectFooter[]> {
  const footers: (ObjectFooter | null)[] = []
  for (let at = 0; at < contents.length; at += OPEN_FILES_MAX) {
    footers.push(...(await Promise.all(contents.slice(at, at + OPEN_FILES_MAX).map(({ file }) => objects.facts(file)))))
  }
  // Deleted while we listed.
  return footers.filter((footer) => footer !== null)
}

function readMaxKeys(text: string | undefined): number {
  if (text === undefined) return PAGE_SIZE_MAX
  if (!/^\d{1,9}$/.test(text)) throw new S3Error('InvalidArgument', 'Provided max-keys not an integer or within range.')
  return Math.min(Number(text), PAGE_SIZE_MAX)
}

function readEncoding(text: string | undefined): (key: string) => string {
  if (text === undefined) return (key) => key
  if (text !== 'url') throw new S3Error('InvalidArgument', 'Invalid Encoding Method specified in Request: only url.')
  return (key) => key.split('/').map(encode).join('/')
}

/** Opaque to clients; holds nothing they may not know, so it needs no seal. */
const writeToken = (last: string): string => Buffer.from(`1${last}`, 'utf8').toString('base64url')

function readToken(token: string): string {
  const text = Buffer.from(token, 'base64url').toString('utf8')
  if (!text.startsWith('1') || writeToken(text.slice(1)) !== token) {
    throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect')
  }
  return text.slice(1)
}
