import { describe, expect, it } from 'vitest'
import { toTensor, toValueInfo } from '#diffusion/runtime/onnx-values.ts'

describe('what an engine says of its values', () => {
  it('has float16 as raw bits, whatever array the engine keeps them in', () => {
    const halves = new Uint16Array([0, 0x3c00, 0xc000, 0])
    const part = new DataView(halves.buffer, 2, 4)
    const held = new Int16Array(part.buffer, part.byteOffset, 2)
    expect(toTensor({ type: 'float16', dims: [2], data: held }, 'a.onnx: y')).toEqual({
      type: 'float16',
      dims: [2],
      data: new Uint16Array([0x3c00, 0xc000]),
    })
  })

  it('is refused where the data are of another type, or of one the core does not know', () => {
    const dims = [1]
    expect(() => toTensor({ type: 'float32', dims, data: new Uint8Array(4) }, 'a.onnx: y')).toThrow(
      new TypeError('a.onnx: y says float32 but holds a Uint8Array'),
    )
    expect(() => toTensor({ type: 'float64', dims, data: new Float64Array(1) }, 'a.onnx: y')).toThrow(
      new TypeError('a.onnx: y has element type float64; known: float32, float16, int64, int32, bool'),
    )
    expect(() => toValueInfo({ name: 'list', isTensor: false }, 'a.onnx')).toThrow(
      new TypeError('a.onnx: list is not a tensor; only tensors are supported'),
    )
  })
})
