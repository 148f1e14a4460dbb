// The protocol-buffer wire format, read in place: fields and where their bytes lie, nothing copied. Weights are gigabytes inside
// one message, so a decoder that builds objects is not wanted; two dozen fields of onnx.proto3 are all that is ever asked for.

/** One field of a message; offsets count from the start of the whole buffer. */
export interface Field {
  readonly number: number
  /** 0 varint, 1 eight bytes, 2 length-delimited, 5 four bytes. */
  readonly wireType: number
  /** Of a varint; its low 53 bits. */
  readonly value: number
  /** Where the field's tag starts. */
  readonly start: number
  /** Where its content starts and ends; `end` is also where the next field starts. */
  readonly contentStart: number
  readonly end: number
}

/** @throws RangeError where lengths point outside the message or a wire type is none. */
export function* readFields(bytes: Uint8Array, start = 0, end = bytes.length): Generator<Field> {
  let at = start
  while (at < end) {
    const fieldStart = at
    const [tag, afterTag] = readVarint(bytes, at, end)
    const number = Math.floor(tag / 8)
    const wireType = tag % 8
    let value = 0
    let contentStart = afterTag
    let fieldEnd: number
    switch (wireType) {
      case 0:
        ;[value, fieldEnd] = readVarint(bytes, afterTag, end)
        break
      case 1:
        fieldEnd = afterTag + 8
        break
      case 2: {
        const [length, afterLength] = readVarint(bytes, afterTag, end)
        contentStart = afterLength
        fieldEnd = afterLength + length
        break
      }
      case 5:
        fieldEnd = afterTag + 4
        break
      default:
        throw new RangeError(`A protocol buffer field has wire type 0, 1, 2 or 5; byte ${fieldStart} says ${wireType}`)
    }
    if (number === 0 || fieldEnd > end) {
      throw new RangeError(
        `Field ${number} at byte ${fieldStart} ends at ${fieldEnd}, outside its message, which ends at ${end}`,
      )
    }
    yield { number, wireType, value, start: fieldStart, contentStart, end: fieldEnd }
    at = fieldEnd
  }
}

/** @returns the value and where the next byte is. Values past 53 bits (negative int64) lose their high bits. */
export function readVarint(bytes: Uint8Array, start: number, end: number): [value: number, next: number] {
  let value = 0
  let factor = 1
  for (let at = start; at < end && at < start + 10; at++) {
    const byte = bytes[at] ?? 0
    value += (byte & 0x7f) * factor
    if (byte < 0x80) return [value, at + 1]
    factor *= 128
  }
  throw new RangeError(`The number at byte ${start} does not end within its message`)
}

export const readText = (bytes: Uint8Array, { contentStart, end }: Field): string =>
  new TextDecoder().decode(bytes.subarray(contentStart, end))

/** Wire type 0. */
export const varintField = (number: number, value: number): number[] => [...base128(number * 8), ...base128(value)]

/** Tag and length of a length-delimited field; its content follows. */
export const lengthPrefix = (number: number, length: number): number[] => [
  ...base128(number * 8 + 2),
  ...base128(length),
]

export function base128(value: number): number[] {
  const rest = Math.floor(value / 128)
  return rest === 0 ? [value % 128] : [(value % 128) + 128, ...base128(rest)]
}
