import { describe, expect, test } from 'vitest'
import { decodeHalf, encodeHalf, fromHalfBits, toHalfBits } from '#diffusion/runtime/float16.ts'

/** The engine's own conversion, which this Node has and not every browser we run in. */
const engine = new DataView(new ArrayBuffer(2)) as DataView & {
  setFloat16(offset: number, value: number): void
  getFloat16(offset: number): number
}
function engineBits(value: number): number {
  engine.setFloat16(0, value)
  return engine.getUint16(0)
}

describe('float16', () => {
  test('every bit pattern decodes to the number the engine reads', () => {
    for (let bits = 0; bits < 65_536; bits++) {
      engine.setUint16(0, bits)
      expect(Object.is(fromHalfBits(bits), engine.getFloat16(0))).toBe(true)
    }
  })

  test('every half survives being decoded and encoded', () => {
    const bits = Uint16Array.from({ length: 0x7c01 }, (_, i) => i)
    expect(encodeHalf(decodeHalf(bits))).toEqual(bits)
  })

  test('floats between two halves round to nearest, ties to even, as IEEE 754 says', () => {
    const float = new DataView(new ArrayBuffer(4))
    // A stride that visits every exponent and all kinds of mantissa.
    for (let bits = 0; bits < 2 ** 32; bits += 65_521) {
      float.setUint32(0, bits)
      const value = float.getFloat32(0)
      if (Number.isNaN(value)) expect(Number.isNaN(fromHalfBits(toHalfBits(value)))).toBe(true)
      else expect(toHalfBits(value), String(value)).toBe(engineBits(value))
    }
    const ties = [
      1 + 2 ** -11,
      1 + 3 * 2 ** -11,
      2 ** -25,
      3 * 2 ** -25,
      65_519,
      65_520,
      2 ** -24 * 1.5,
      -(2 ** -14) * 0.99999,
    ]
    for (const value of ties) expect(toHalfBits(value), String(value)).toBe(engineBits(Math.fround(value)))
  })
})
