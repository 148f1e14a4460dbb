// PutObject.

import { checksumHeader } from '../http/checksums.ts'
import { readObjectHeaders, refuseUnimplemented } from '../http/object-headers.ts'
import { checkWrite } from './conditions.ts'
import { type Operation, objectOf, sendEmpty } from './context.ts'

export const putObject: Operation = async ({ request, response, objects, receive, now }) => {
  refuseUnimplemented(request)
  const body = receive()
  const object = await objects.put({
    ...objectOf(request),
    bytes: body.bytes,
    checksum: body.checksum,
    headers: readObjectHeaders(request),
    allow: (current) => checkWrite(request.headers, current),
    now,
  })
  sendEmpty(response, 200, {
    ETag: object.etag,
    ...(object.checksum === null ? {} : { [checksumHeader(object.checksum.algorithm)]: object.checksum.base64 }),
  })
}
