// IEEE 754 half precision, as raw bits. Engines take and give float16 tensors this way; the core computes in float32.
// Float16Array is not yet in every browser we run in.

const scratch = new DataView(new ArrayBuffer(4))

/** Nearest half of a number, ties to even, as 16 bits; magnitudes past 65504 become infinity. */
export function toHalfBits(value: number): number {
  scratch.setFloat32(0, value)
  const bits = scratch.getUint32(0)
  const sign = (bits >>> 16) & 0x8000
  const exponent = (bits >>> 23) & 0xff
  const mantissa = bits & 0x7f_ffff
  if (exponent === 0xff) return sign | (mantissa === 0 ? 0x7c00 : 0x7e00)
  const rebiased = exponent - 112
  if (rebiased >= 31) return sign | 0x7c00
  if (rebiased <= 0) {
    if (rebiased < -10) return sign
    return sign | roundShift(mantissa | 0x80_0000, 14 - rebiased)
  }
  // A mantissa that rounds up carries into the exponent, which is what IEEE asks for.
  return sign | roundShift((rebiased << 23) | mantissa, 13)
}

/** `value >>> shift` rounded to nearest, ties to even. */
function roundShift(value: number, shift: number): number {
  const half = 2 ** (shift - 1)
  const rest = value % (half * 2)
  const floor = Math.floor(value / (half * 2))
  return rest > half || (rest === half && floor % 2 === 1) ? floor + 1 : floor
}

export function fromHalfBits(bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1
  const exponent = (bits >>> 10) & 0x1f
  const mantissa = bits & 0x3ff
  if (exponent === 0) return sign * mantissa * 2 ** -24
  if (exponent === 31) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15)
}

/** Where the engine has it, its conversions are native code: SD 1.5's weights take a second instead of a minute. */
interface HalfArray {
  readonly buffer: ArrayBuffer
}
const Native = (
  globalThis as {
    Float16Array?: new (
      from: ArrayLike<number> | ArrayBufferLike,
      at?: number,
      n?: number,
    ) => HalfArray & ArrayLike<number>
  }
).Float16Array

export function encodeHalf(values: ArrayLike<number>): Uint16Array<ArrayBuffer> {
  return Native === undefined ? Uint16Array.from(values, toHalfBits) : new Uint16Array(new Native(values).buffer)
}

export function decodeHalf(bits: Uint16Array): Float32Array<ArrayBuffer> {
  if (Native === undefined) return Float32Array.from(bits, fromHalfBits)
  return new Float32Array(new Native(bits.buffer, bits.byteOffset, bits.length))
}
