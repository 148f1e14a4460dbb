// AWS's own worked examples, byte for byte: what this endpoint accepts is what S3 accepts.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html, …/sigv4-query-string-auth.html,
// …/sigv4-streaming.html
import type { IncomingMessage } from 'node:http'
import { describe, expect, test } from 'vitest'
import { authenticate } from '#infra/embedded/s3/auth/authenticate.ts'
import { createChunkVerifier } from '#infra/embedded/s3/auth/chunk-signatures.ts'
import { parseRequest } from '#infra/embedded/s3/http/parse-request.ts'

const CREDENTIALS = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  region: 'us-east-1',
}
const AT = new Date('2013-05-24T00:00:00Z')
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
const HOST = 'examplebucket.s3.amazonaws.com'

function parse(method: string, url: string, headers: Record<string, string>) {
  const headersDistinct = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]))
  return parseRequest({ method, url, headers, headersDistinct } as unknown as IncomingMessage)
}

function authorization(signedHeaders: string, signature: string): string {
  return `AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=${signedHeaders},Signature=${signature}`
}

const GET_OBJECT = {
  host: HOST,
  range: 'bytes=0-9',
  'x-amz-content-sha256': EMPTY,
  'x-amz-date': '20130524T000000Z',
  authorization: authorization(
    'host;range;x-amz-content-sha256;x-amz-date',
    'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  ),
}

describe('AWS’s examples are accepted', () => {
  test('GET Object', async () => {
    const accepted = await authenticate(parse('GET', '/test.txt', GET_OBJECT), CREDENTIALS, AT)
    expect(accepted.payload).toBe(EMPTY)
  })

  test('GET Bucket Lifecycle: a parameter without a value', async () => {
    const headers = {
      host: HOST,
      'x-amz-content-sha256': EMPTY,
      'x-amz-date': '20130524T000000Z',
      authorization: authorization(
        'host;x-amz-content-sha256;x-amz-date',
        'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
      ),
    }
    await expect(authenticate(parse('GET', '/?lifecycle', headers), CREDENTIALS, AT)).resolves.toBeDefined()
  })

  test('GET Bucket (List Objects): parameters', async () => {
    const headers = {
      host: HOST,
      'x-amz-content-sha256': EMPTY,
      'x-amz-date': '20130524T000000Z',
      authorization: authorization(
        'host;x-amz-content-sha256;x-amz-date',
        '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
      ),
    }
    await expect(authenticate(parse('GET', '/?max-keys=2&prefix=J', headers), CREDENTIALS, AT)).resolves.toBeDefined()
  })

  test('a presigned GET', async () => {
    const url = `/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404`
    const accepted = await authenticate(parse('GET', url, { host: HOST }), CREDENTIALS, AT)
    expect(accepted.payload).toBe('UNSIGNED-PAYLOAD')
    const late = new Date(AT.getTime() + 86_401_000)
    await expect(authenticate(parse('GET', url, { host: HOST }), CREDENTIALS, late)).rejects.toThrow('expired')
  })

  test('a PUT in signed chunks', async () => {
    const headers = {
      host: 's3.amazonaws.com',
      'x-amz-date': '20130524T000000Z',
      'x-amz-storage-class': 'REDUCED_REDUNDANCY',
      'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
      'content-encoding': 'aws-chunked',
      'x-amz-decoded-content-length': '66560',
      'content-length': '66824',
      authorization: authorization(
        'content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class',
        '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
      ),
    }
    const accepted = await authenticate(parse('PUT', '/examplebucket/chunkObject.txt', headers), CREDENTIALS, AT)
    const verifier = createChunkVerifier(accepted, CREDENTIALS)
    verifier.update(Buffer.alloc(65_536, 'a'))
    await verifier.verifyChunk('ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648')
    verifier.update(Buffer.alloc(512, 'a'))
    verifier.update(Buffer.alloc(512, 'a'))
    await verifier.verifyChunk('0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497')
    await verifier.verifyChunk('b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9')
    await expect(verifier.verifyChunk('b'.repeat(64))).rejects.toMatchObject({ code: 'SignatureDoesNotMatch' })
  })
})

test('a key is signed in one form, however the client wrote it', () => {
  for (const path of ['/test%24file.text', '/test$file.text', '/%74est%24file.text']) {
    expect(parse('GET', path, { host: HOST }).canonicalPath).toBe('/test%24file.text')
  }
})

describe('and nothing else', () => {
  const attempt = (change: Partial<Record<keyof typeof GET_OBJECT, string>>, url = '/test.txt', now = AT) =>
    authenticate(parse('GET', url, { ...GET_OBJECT, ...change }), CREDENTIALS, now)

  test.each([
    ['another range', { range: 'bytes=0-99' }, 'SignatureDoesNotMatch'],
    ['another host', { host: 'other' }, 'SignatureDoesNotMatch'],
    ['another payload', { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }, 'SignatureDoesNotMatch'],
    ['another time', { 'x-amz-date': '20130524T000001Z' }, 'SignatureDoesNotMatch'],
    ['a time that is none', { 'x-amz-date': 'yesterday' }, 'AuthorizationHeaderMalformed'],
    ['another day', { 'x-amz-date': '20130525T000000Z' }, 'AuthorizationHeaderMalformed'],
    ['another scheme', { authorization: 'Basic dXNlcjpwYXNz' }, 'AuthorizationHeaderMalformed'],
    ['half a header', { authorization: 'AWS4-HMAC-SHA256 Credential=x' }, 'AuthorizationHeaderMalformed'],
    ['a short signature', { authorization: GET_OBJECT.authorization.slice(0, -1) }, 'SignatureDoesNotMatch'],
    ['host not signed', { authorization: authorization('range;x-amz-content-sha256;x-amz-date', 'f') }, 'AccessDenied'],
    [
      'another service',
      { authorization: GET_OBJECT.authorization.replace('/s3/', '/sqs/') },
      'AuthorizationHeaderMalformed',
    ],
    [
      'another region',
      { authorization: GET_OBJECT.authorization.replace('us-east-1', 'eu-west-1') },
      'AuthorizationHeaderMalformed',
    ],
    ['another person', { authorization: GET_OBJECT.authorization.replace('AKIA', 'AKIB') }, 'InvalidAccessKeyId'],
  ])('%s is refused', async (_what, change, code) => {
    await expect(attempt(change)).rejects.toMatchObject({ code })
  })

  test('another key or query is refused', async () => {
    await expect(attempt({}, '/test.txt2')).rejects.toMatchObject({ code: 'SignatureDoesNotMatch' })
    await expect(attempt({}, '/test.txt?a=b')).rejects.toMatchObject({ code: 'SignatureDoesNotMatch' })
  })

  test('a clock up to 15 minutes off is accepted, one second more is not', async () => {
    const at = (seconds: number) => new Date(AT.getTime() + seconds * 1_000)
    await expect(attempt({}, '/test.txt', at(900))).resolves.toBeDefined()
    await expect(attempt({}, '/test.txt', at(-900))).resolves.toBeDefined()
    await expect(attempt({}, '/test.txt', at(901))).rejects.toMatchObject({ code: 'RequestTimeTooSkewed' })
    await expect(attempt({}, '/test.txt', at(-901))).rejects.toMatchObject({ code: 'RequestTimeTooSkewed' })
  })
})
