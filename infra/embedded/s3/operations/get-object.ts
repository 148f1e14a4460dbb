// GetObject and HeadObject: the same answer with and without its bytes.
import { pipeline } from 'node:stream/promises'
import type { ObjectFooter } from '../disk/object-store.ts'
import { readSealed } from '../disk/sealed-file.ts'
import { checksumHeader } from '../http/checksums.ts'
import { responseOverrides } from '../http/object-headers.ts'
import { readRange } from '../http/range.ts'
import { checkRead } from './conditions.ts'
import { type Operation, objectOf } from './context.ts'

export const getObject: Operation = async ({ request, response, objects }) => {
  const { bucket, key } = objectOf(request)
  const object = await objects.open(bucket, key)
  try {
    const { footer, sizeBytes } = object
    // Set before the conditions: a 304 carries them too.
    response.setHeader('ETag', footer.etag)
    response.setHeader('Last-Modified', new Date(footer.lastModified).toUTCString())
    checkRead(request.headers, footer)

    const ifRange = request.headers['if-range']
    const isRangeCurrent = ifRange === undefined || ifRange === footer.etag
    const range = isRangeCurrent ? readRange(request.headers.range, sizeBytes) : null
    const { start, end } = range ?? { start: 0, end: sizeBytes - 1 }
    response.writeHead(range === null ? 200 : 206, {
      ...footer.headers,
      ...responseOverrides(request),
      ...(range === null ? checksumHeaders(request.headers['x-amz-checksum-mode'], footer) : {}),
      ...(range === null ? {} : { 'Content-Range': `bytes ${start}-${end}/${sizeBytes}` }),
      'Accept-Ranges': 'bytes',
      'Content-Length': end - start + 1,
    })
    if (request.method === 'HEAD') response.end()
    else await pipeline(readSealed(object, start, end), response)
  } finally {
    await object.handle.close()
  }
}

function checksumHeaders(mode: string | undefined, { checksum }: ObjectFooter): Record<string, string> {
  if (mode !== 'ENABLED' || checksum === null) return {}
  return {
    [checksumHeader(checksum.algorithm)]: checksum.base64,
    'x-amz-checksum-type': checksum.isComposite ? 'COMPOSITE' : 'FULL_OBJECT',
  }
}
