// Reads a stream of buffers as lines and counted runs of bytes, holding no more than the buffer at hand and one line.
import { S3Error } from './s3-error.ts'

const CR = 0x0d
const LF = 0x0a

export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>
  #buffer: Uint8Array = new Uint8Array(0)

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  /** One line without its CRLF (or, where said, a bare LF), at most `maxBytes` long. */
  async line(maxBytes: number, ending: 'CRLF' | 'CRLF or LF' = 'CRLF'): Promise<string> {
    let line = new Uint8Array(0)
    while (true) {
      const end = this.#buffer.indexOf(LF)
      const piece = end === -1 ? this.#buffer : this.#buffer.subarray(0, end + 1)
      if (line.length + piece.length > maxBytes + 2) throw malformedChunk('a line is too long')
      line = Buffer.concat([line, piece])
      this.#buffer = this.#buffer.subarray(piece.length)
      if (end !== -1) break
      await this.#fill()
    }
    const hasCr = line.at(-2) === CR
    if (!hasCr && ending === 'CRLF') throw malformedChunk('a line does not end in CRLF')
    return Buffer.from(line.subarray(0, hasCr ? -2 : -1)).toString('latin1')
  }

  /** Exactly `count` bytes, in pieces as they come. */
  async *bytes(count: number): AsyncGenerator<Uint8Array> {
    let left = count
    while (left > 0) {
      if (this.#buffer.length === 0) await this.#fill()
      const piece = this.#buffer.subarray(0, left)
      this.#buffer = this.#buffer.subarray(piece.length)
      left -= piece.length
      if (piece.length > 0) yield piece
    }
  }

  /** Throws where anything is left to read. */
  async end(): Promise<void> {
    if (this.#buffer.length > 0) throw malformedChunk('there are bytes after the last chunk')
    const next = await this.#source.next()
    if (next.done !== true && next.value.length > 0) throw malformedChunk('there are bytes after the last chunk')
    if (next.done !== true) await this.end()
  }

  async #fill(): Promise<void> {
    const next = await this.#source.next()
    if (next.done === true) {
      throw new S3Error('IncompleteBody', 'The body ended before the last chunk.')
    }
    this.#buffer = next.value
  }
}

export const malformedChunk = (what: string): S3Error =>
  new S3Error('InvalidRequest', `The aws-chunked body is malformed: ${what}.`)
