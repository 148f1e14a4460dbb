// Metadata in the lowest bits of the pixels ("stealth pnginfo"), as NovelAI writes it and several extensions do: it survives where
// text chunks are stripped. Bits run down the columns; a signature, a 32-bit length in bits, then UTF-8 or gzip.
// Source: NovelAI/novelai-image-metadata, nai_meta.py.
import { startsWith } from './exif.ts'
import { inflate } from './inflate.ts'
import { METADATA_TEXT_MAX_BYTES } from './limits.ts'

export interface Pixels {
  readonly width: number
  readonly height: number
  /** Four bytes a pixel, row by row, not premultiplied. */
  readonly rgba: Uint8Array | Uint8ClampedArray
}

const SIGNATURE_BYTES = 'stealth_pnginfo'.length

/**
 * The hidden text, or undefined where the pixels hold none.
 * @throws RangeError when it claims to be longer than the picture or than METADATA_TEXT_MAX_BYTES; TypeError when it is damaged.
 */
export async function readStealthText(pixels: Pixels): Promise<string | undefined> {
  const { width, height, rgba } = pixels
  if (rgba.length !== width * height * 4) {
    throw new RangeError(`${width}x${height} pixels are ${width * height * 4} bytes of RGBA, got ${rgba.length}`)
  }
  const alpha = new BitReader(pixels, [3])
  const inAlpha = signature(alpha, 'png')
  if (inAlpha !== undefined) return readBody(alpha, inAlpha)
  const colours = new BitReader(pixels, [0, 1, 2])
  const inColours = signature(colours, 'rgb')
  return inColours === undefined ? undefined : readBody(colours, inColours)
}

function signature(bits: BitReader, kind: 'png' | 'rgb'): 'plain' | 'gzip' | undefined {
  if (bits.bytesLeft < SIGNATURE_BYTES + 4) return undefined
  const read = bits.bytes(SIGNATURE_BYTES)
  if (startsWith(read, `stealth_${kind}info`)) return 'plain'
  return startsWith(read, `stealth_${kind}comp`) ? 'gzip' : undefined
}

async function readBody(bits: BitReader, kind: 'plain' | 'gzip'): Promise<string> {
  const length = bits.bytes(4)
  const sizeBytes = Math.floor(new DataView(length.buffer).getUint32(0) / 8)
  if (sizeBytes > bits.bytesLeft)
    throw new RangeError('The metadata hidden in the pixels is cut off: the picture was cropped')
  if (sizeBytes > METADATA_TEXT_MAX_BYTES)
    throw new RangeError(`The metadata hidden in the pixels is ${sizeBytes} bytes long`)
  const body = bits.bytes(sizeBytes)
  const text = kind === 'gzip' ? await inflate(body, 'gzip', METADATA_TEXT_MAX_BYTES) : body
  return new TextDecoder('utf-8').decode(text)
}

/** Lowest bits of some channels, pixel by pixel down the columns. */
class BitReader {
  readonly #pixels: Pixels
  readonly #channels: readonly number[]
  #bit = 0

  constructor(pixels: Pixels, channels: readonly number[]) {
    this.#pixels = pixels
    this.#channels = channels
  }

  get bytesLeft(): number {
    const { width, height } = this.#pixels
    return Math.floor((width * height * this.#channels.length - this.#bit) / 8)
  }

  bytes(count: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(count)
    for (let at = 0; at < count; at++) {
      let byte = 0
      for (let bit = 0; bit < 8; bit++) byte = (byte << 1) | this.#next()
      bytes[at] = byte
    }
    return bytes
  }

  #next(): number {
    const { width, height, rgba } = this.#pixels
    const pixel = Math.floor(this.#bit / this.#channels.length)
    const channel = this.#channels[this.#bit % this.#channels.length] ?? 0
    this.#bit++
    const x = Math.floor(pixel / height)
    const y = pixel % height
    return (rgba[(y * width + x) * 4 + channel] ?? 0) & 1
  }
}
