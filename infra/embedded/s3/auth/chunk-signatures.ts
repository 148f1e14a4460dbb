// The chain of chunk signatures of a STREAMING-AWS4-HMAC-SHA256-PAYLOAD body; HMAC and key derivation are the library's.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
import { createHash } from 'node:crypto'
import type { ChunkVerifier } from '../http/chunked-body.ts'
import { S3Error } from '../http/s3-error.ts'
import { type Authenticated, type Credentials, isSame } from './authenticate.ts'

const EMPTY_SHA256 = createHash('sha256').digest('hex')

export function createChunkVerifier(authenticated: Authenticated, { region }: Credentials): ChunkVerifier {
  const { signer, signedAt } = authenticated
  const longDate = signedAt.toISOString().replace(/[-:]|\.\d{3}/g, '')
  const scope = `${longDate.slice(0, 8)}/${region}/s3/aws4_request`
  let previous = authenticated.signature
  let hash = createHash('sha256')

  async function verify(algorithm: string, hashes: string[], given: string): Promise<void> {
    const text = [algorithm, longDate, scope, previous, ...hashes].join('\n')
    const expected = await signer.sign(text, { signingDate: signedAt })
    if (!isSame(expected, given)) {
      throw new S3Error('SignatureDoesNotMatch', 'A chunk signature does not match the chunk.')
    }
    previous = expected
  }

  return {
    update: (piece) => {
      hash.update(piece)
    },
    async verifyChunk(signature) {
      const digest = hash.digest('hex')
      hash = createHash('sha256')
      await verify('AWS4-HMAC-SHA256-PAYLOAD', [EMPTY_SHA256, digest], signature)
    },
    verifyTrailer: (canonical, signature) =>
      verify('AWS4-HMAC-SHA256-TRAILER', [createHash('sha256').update(canonical).digest('hex')], signature),
  }
}
