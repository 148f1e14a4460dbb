// The reader of strangers' files: what is right is read, what lies is refused by the rule it breaks, nothing hangs or grows.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readSafetensors, toFloat32 } from '#diffusion/networks/safetensors.ts'
import { safetensors } from '#test/harness/safetensors.ts'

const read = (bytes: Uint8Array) => readSafetensors(bytes, 'file')

/** A file with this header, whatever it says, and so many bytes of data. */
function withHeader(header: unknown, dataLength = 0, claimed?: number): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header))
  const file = new Uint8Array(8 + json.length + dataLength)
  new DataView(file.buffer).setBigUint64(0, BigInt(claimed ?? json.length), true)
  file.set(json, 8)
  return file
}
const entry = (start: number, end: number, shape = [1], dtype = 'F32') => ({ dtype, shape, data_offsets: [start, end] })

describe('a safetensors file', () => {
  test('gives its tensors and metadata', () => {
    const bytes = safetensors({ a: { shape: [2], data: [1, -2.5] }, b: { shape: [1, 1], data: [7] } }, { ss_tag: 'x' })
    const { tensors, metadata } = read(bytes)
    expect(metadata).toEqual({ ss_tag: 'x' })
    const a = tensors.get('a')
    expect(a?.shape).toEqual([2])
    expect(a && toFloat32(a, 'a')).toEqual(Float32Array.of(1, -2.5))
  })

  test.each([
    ['F16', Uint8Array.of(0x00, 0x3c), 1],
    ['BF16', Uint8Array.of(0xc0, 0xbf), -1.5],
    ['F64', new Uint8Array(Float64Array.of(0.25).buffer), 0.25],
  ] as const)('reads %s wherever it starts', (dtype, data, value) => {
    const before = entry(0, 1, [1], 'U8')
    const file = withHeader({ a: before, b: entry(1, 1 + data.length, [1], dtype) }, 1 + data.length)
    file.set(data, file.length - data.length)
    const b = read(file).tensors.get('b')
    expect(b && toFloat32(b, 'b')[0]).toBe(value)
  })

  test.each([
    ['is shorter than its first field', new Uint8Array(4), '10 or more'],
    ['claims a header past its end', withHeader({}, 0, 1e15), 'the file has'],
    ['claims a header larger than any', withHeader('{}'.padEnd(26_000_000)), 'at most 25000000'],
    ['has no JSON for a header', withHeader('{"a":'), 'not a JSON object'],
    ['has a list for a header', withHeader('[]'), 'not a JSON object'],
    ['names a type there is not', withHeader({ a: entry(0, 4, [1], 'F33') }, 4), 'a: dtype'],
    ['has a side that is no count', withHeader({ a: entry(0, 4, [-1]) }, 4), 'a: shape'],
    ['has a tensor past its end', withHeader({ a: entry(0, 8, [2]) }, 4), 'the file has'],
    ['has offsets of another length than the shape', withHeader({ a: entry(0, 8, [1]) }, 8), 'takes 4 bytes'],
    [
      'has a shape whose product overflows',
      withHeader({ a: entry(0, 4, [2 ** 31, 2 ** 31]) }, 4),
      'its offsets span 4',
    ],
    ['has overlapping tensors', withHeader({ a: entry(0, 4), b: entry(0, 4) }, 4), 'without gap or overlap'],
    ['has a hole', withHeader({ a: entry(4, 8) }, 8), 'a starts at 4, not 0'],
    ['hides bytes after its tensors', withHeader({ a: entry(0, 4) }, 9), 'end at byte 4 of 9'],
    ['has metadata that is no text', withHeader({ __metadata__: { a: { b: 1 } } }), '__metadata__ holds texts'],
  ])('that %s is refused', (_what, bytes, rule) => {
    expect(() => read(bytes)).toThrow(RangeError)
    expect(() => read(bytes)).toThrow(rule)
  })

  test('of any bytes at all is read or refused, and nothing else happens', () => {
    const whole = safetensors({ a: { shape: [2, 2], data: [1, 2, 3, 4] }, b: { shape: [1], data: [5] } })
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 8 }),
        fc.nat(whole.length),
        (edits, cut) => {
          const bytes = whole.slice(0, whole.length - (cut % 3 === 0 ? cut : 0))
          for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value
          try {
            for (const [name, tensor] of read(bytes).tensors) toFloat32(tensor, name)
          } catch (error) {
            expect(error).toBeInstanceOf(RangeError)
          }
        },
      ),
      { numRuns: 2_000 },
    )
  })

  test('with an integer tensor is refused only where its numbers are wanted', () => {
    const file = withHeader({ a: entry(0, 4, [4], 'U8') }, 4)
    const a = read(file).tensors.get('a')
    expect(() => a && toFloat32(a, 'a')).toThrow('a holds U8')
  })
})
