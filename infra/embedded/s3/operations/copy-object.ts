// CopyObject, within this endpoint.
import { readSealed } from '../disk/sealed-file.ts'
import { readObjectHeaders, refuseUnimplemented } from '../http/object-headers.ts'
import { S3Error } from '../http/s3-error.ts'
import { checkWrite } from './conditions.ts'
import { type Context, type Operation, objectOf, sendXml } from './context.ts'

export const copyObject: Operation = async (context) => {
  const { request, response, objects, now } = context
  refuseUnimplemented(request)
  const target = objectOf(request)
  const from = parseSource(request.headers['x-amz-copy-source'] ?? '')
  const isReplacing = readDirective(context)
  if (!isReplacing && from.bucket === target.bucket && from.key === target.key) {
    throw new S3Error('InvalidRequest', 'This copy request is illegal: it copies an object to itself unchanged.')
  }
  const source = await objects.open(from.bucket, from.key)
  try {
    const copy = await objects.put({
      ...target,
      bytes: readSealed(source),
      // The copy has no parts, so a checksum of parts says nothing about it.
      checksum: () => (source.footer.checksum?.isComposite ? null : source.footer.checksum),
      headers: isReplacing ? readObjectHeaders(request) : source.footer.headers,
      allow: (current) => checkWrite(request.headers, current),
      now,
    })
    sendXml(response, 'CopyObjectResult', { ETag: copy.etag, LastModified: copy.lastModified })
  } finally {
    await source.handle.close()
  }
}

function parseSource(header: string): { bucket: string; key: string } {
  try {
    const match = /^\/?([^/]+)\/(.+)$/s.exec(decodeURIComponent(header))
    if (match?.[1] !== undefined && match[2] !== undefined && !header.includes('?versionId=')) {
      return { bucket: match[1], key: match[2] }
    }
  } catch (error) {
    if (!(error instanceof URIError)) throw error
  }
  throw new S3Error('InvalidArgument', 'x-amz-copy-source must be BUCKET/KEY, URL-encoded, without a version.')
}

function readDirective({ request }: Context): boolean {
  const directive = request.headers['x-amz-metadata-directive'] ?? 'COPY'
  if (directive !== 'COPY' && directive !== 'REPLACE') {
    throw new S3Error('InvalidArgument', 'x-amz-metadata-directive is COPY or REPLACE.')
  }
  return directive === 'REPLACE'
}
