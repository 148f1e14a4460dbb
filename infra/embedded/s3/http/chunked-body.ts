// Decodes `aws-chunked` bodies: `size[;chunk-signature=…]CRLF data CRLF` … `0 CRLF trailers CRLF`, signed or not.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
import { ByteReader, malformedChunk } from './byte-reader.ts'

/** Signatures of a streamed body: each covers the one before, so chunks cannot be dropped, swapped or changed. */
export interface ChunkVerifier {
  /** Bytes of the chunk being read. */
  update(piece: Uint8Array): void
  /** At the end of a chunk (the last, empty one included): throws where the signature is not right. */
  verifyChunk(signature: string): Promise<void>
  /** `canonical`: the trailer lines as `name:value\n`, in the order sent. */
  verifyTrailer(canonical: string, signature: string): Promise<void>
}

export interface ChunkedOptions {
  /** null: the mode carries no signatures (STREAMING-UNSIGNED-PAYLOAD-TRAILER). */
  readonly verifier: ChunkVerifier | null
  /** Trailers end up here, lower-case names. */
  readonly trailers: Map<string, string> | null
}

/** A size in hex and an 86-byte signature fit ten times over. */
const LINE_SIZE_MAX_BYTES = 1_024
const TRAILERS_MAX = 16
const TRAILER_SIGNATURE = 'x-amz-trailer-signature'

/** The bytes the client meant, in pieces. Ends cleanly only when everything was there and every signature right. */
export async function* decodeChunks(
  source: AsyncIterable<Uint8Array>,
  { verifier, trailers }: ChunkedOptions,
): AsyncGenerator<Uint8Array> {
  const reader = new ByteReader(source)
  while (true) {
    const { sizeBytes, signature } = parseChunkHeader(await reader.line(LINE_SIZE_MAX_BYTES))
    for await (const piece of reader.bytes(sizeBytes)) {
      verifier?.update(piece)
      yield piece
    }
    await verifier?.verifyChunk(signature)
    if (sizeBytes === 0) break
    if ((await reader.line(0)) !== '') throw malformedChunk('a chunk is longer than it says')
  }
  await readTrailers(reader, verifier, trailers)
  await reader.end()
}

function parseChunkHeader(line: string): { sizeBytes: number; signature: string } {
  const match = /^([0-9a-f]{1,12})(?:;chunk-signature=([0-9a-f]{64}))?$/i.exec(line)
  if (match === null) throw malformedChunk('a chunk header is not `size[;chunk-signature=…]`')
  return { sizeBytes: Number.parseInt(match[1] ?? '', 16), signature: match[2] ?? '' }
}

async function readTrailers(
  reader: ByteReader,
  verifier: ChunkVerifier | null,
  trailers: Map<string, string> | null,
): Promise<void> {
  const isSigned = verifier !== null && trailers !== null
  let canonical = ''
  let signature = ''
  for (let count = 0; ; count++) {
    // AWS's worked example, and minio-go after it, writes `name:value LF CRLF` before the signature's line.
    const line = await reader.line(LINE_SIZE_MAX_BYTES, isSigned ? 'CRLF or LF' : 'CRLF')
    if (line === '' && isSigned && signature === '' && count < TRAILERS_MAX) continue
    if (line === '') break
    const at = line.indexOf(':')
    if (at < 1 || trailers === null || count >= TRAILERS_MAX) throw malformedChunk('a trailer was not expected')
    const name = line.slice(0, at).trim().toLowerCase()
    const value = line.slice(at + 1).trim()
    if (name === TRAILER_SIGNATURE) {
      signature = value
    } else {
      trailers.set(name, value)
      canonical += `${name}:${value}\n`
    }
  }
  if (trailers !== null) await verifier?.verifyTrailer(canonical, signature)
}
