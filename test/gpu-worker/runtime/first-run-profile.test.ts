import { describe, expect, it } from 'vitest'
import { assertRanOn, parseProfile } from '#worker/runtime/first-run-profile.ts'

const CUDA = 'CUDAExecutionProvider'
const CPU = 'CPUExecutionProvider'

describe('where a graph ran', () => {
  it('is read from the nodes of a profile alone', () => {
    const profile = JSON.stringify([
      { cat: 'Session', name: 'session_initialization', args: {} },
      { cat: 'Node', name: 'a_kernel_time', args: { op_name: 'Conv', provider: CUDA } },
      { cat: 'Node', name: 'a_fence_before', args: { op_name: 'Conv' } },
    ])
    expect(parseProfile(profile)).toEqual([{ op: 'Conv', provider: CUDA }])
  })

  it('is refused when one convolution ran elsewhere', () => {
    const nodes = [
      { op: 'Conv', provider: CUDA },
      { op: 'MatMul', provider: CPU },
    ]
    expect(() => assertRanOn(nodes, CUDA, 'unet/model.onnx')).toThrow(
      /unet\/model.onnx has to run on CUDA.*1 convolutions/s,
    )
  })

  it('is refused when nothing ran there, heavy or not', () => {
    expect(() => assertRanOn([{ op: 'Shape', provider: CPU }], CUDA, 'unet/model.onnx')).toThrow(/0 of 1 nodes/)
    expect(() => assertRanOn([], CUDA, 'unet/model.onnx')).toThrow(/0 of 0 nodes/)
  })

  it('is accepted when only shape arithmetic stayed on the CPU', () => {
    const nodes = [
      { op: 'Conv', provider: CUDA },
      { op: 'Shape', provider: CPU },
    ]
    expect(() => assertRanOn(nodes, CUDA, 'unet/model.onnx')).not.toThrow()
  })
})
