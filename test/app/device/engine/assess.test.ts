import { describe, expect, it } from 'vitest'
import { planRun } from '#app/device/engine/assess.ts'
import type { DeviceFacts, GpuFacts } from '#app/device/engine/device-facts.ts'
import type { ModelManifest } from '#contracts/model-manifest.ts'
import { tinyManifest } from '#test/integration/diffusion/golden-run.ts'

const file = (sizeBytes: number) => ({ sha256: 'a'.repeat(64), sizeBytes })
const model: ModelManifest = {
  ...tinyManifest('sd1'),
  files: {
    'model_index.json': file(10),
    'text_encoder/model.onnx': file(100),
    'unet/model.onnx': file(4_000),
    'unet/model_fp16.onnx': file(2_000),
    'unet/model_int8.onnx': file(1_000),
    'vae_decoder/model.onnx': file(200),
    'vae_decoder/model.fp16.onnx': file(150),
  },
}
const gpu: GpuFacts = {
  name: 'card',
  hasF16: true,
  isSoftware: false,
  maxBufferBytes: 1e9,
  maxBindingBytes: 1e8,
}
const laptop: DeviceFacts = { isSecure: true, hasWasmSimd: true, isIsolated: true, processors: 8, gpu }

describe('how a device runs a model', () => {
  it('takes fp16 on a graphics card that computes in it, float32 for parts that come in nothing else', () => {
    const plan = planRun(model, laptop)
    if ('reason' in plan) throw new Error(plan.reason)
    expect(plan).toMatchObject({ provider: 'webgpu', threads: 1, chosen: { variant: 'fp16' } })
    expect(plan.chosen.files.map(({ path, source }) => `${path} ← ${source}`)).toEqual([
      'model_index.json ← model_index.json',
      'text_encoder/model.onnx ← text_encoder/model.onnx',
      'unet/model.onnx ← unet/model_fp16.onnx',
      'vae_decoder/model.onnx ← vae_decoder/model.fp16.onnx',
    ])
  })

  it('brings along the file whose weights a graph reads, where a second precision does not hold them twice', () => {
    const half = (weights: string[]) => ({
      ...model,
      files: { ...model.files, 'unet/model_fp16.onnx': { ...file(9), weights } },
    })
    const plan = planRun(half(['unet/model.onnx']), laptop)
    if ('reason' in plan) throw new Error(plan.reason)
    expect(
      plan.chosen.files.filter(({ path }) => path.startsWith('unet/')).map(({ path, source }) => `${path} ← ${source}`),
    ).toEqual(['unet/model.onnx ← unet/model_fp16.onnx', 'unet/model.onnx/model.onnx ← unet/model.onnx'])
    expect(planRun(half(['unet/gone']), laptop, 'webgpu')).toMatchObject({
      reason: expect.stringContaining('unet/gone, which is not there'),
    })
  })

  it('takes float32 on a graphics card without shader-f16', () => {
    const plan = planRun(model, { ...laptop, gpu: { ...gpu, hasF16: false } })
    expect(plan).toMatchObject({ provider: 'webgpu', chosen: { variant: '' } })
  })

  it('takes int8 on the processor, a thread per core where the page is isolated and one where it is not', () => {
    const without = { ...laptop, gpu: undefined }
    expect(planRun(model, without)).toMatchObject({ provider: 'wasm', threads: 4, chosen: { variant: 'int8' } })
    expect(planRun(model, { ...without, isIsolated: false })).toMatchObject({ threads: 1 })
    expect(planRun(model, { ...without, processors: 2 })).toMatchObject({ threads: 2 })
    expect(planRun(model, { ...without, processors: 64 })).toMatchObject({ threads: 8 })
  })

  it('passes over a graphics card that is the processor, unless it is asked for', () => {
    const software = { ...laptop, gpu: { ...gpu, isSoftware: true } }
    expect(planRun(model, software)).toMatchObject({ provider: 'wasm' })
    expect(planRun(model, software, 'webgpu')).toMatchObject({ provider: 'webgpu' })
  })

  it('falls back to the processor when a tensor is larger than the card gives in one piece', () => {
    const large = { ...model, largestTensorBytes: { 'unet/model_fp16.onnx': 2e8 } }
    expect(planRun(large, laptop)).toMatchObject({ provider: 'wasm' })
    expect(planRun(large, laptop, 'webgpu')).toEqual({
      reason: 'sd1 needs 200 MB in one piece; this graphics card gives pages 100 MB.',
    })
  })

  it('takes a graph without a figure of its own to be one tensor', () => {
    const files = { ...model.files, 'unet/model_fp16.onnx': file(2e8) }
    expect(planRun({ ...model, files }, laptop, 'webgpu')).toHaveProperty('reason')
    const known = { ...model, files, largestTensorBytes: { 'unet/model_fp16.onnx': 5e7 } }
    expect(planRun(known, laptop, 'webgpu')).toMatchObject({ provider: 'webgpu' })
  })

  it('says why where nothing runs it', () => {
    expect(planRun(model, { ...laptop, isSecure: false })).toEqual({
      reason: 'Browsers run models only on pages that came over a secure connection (HTTPS).',
    })
    expect(planRun(model, { ...laptop, gpu: undefined, hasWasmSimd: false })).toEqual({
      reason: 'This browser is too old to run models (WebAssembly SIMD is missing).',
    })
    const onlyHalf = { ...model, files: { 'unet/model_fp16.onnx': file(10) } }
    expect(planRun(onlyHalf, laptop, 'wasm')).toEqual({
      reason: 'sd1 does not run here: unet comes as fp16, none of which this device computes in.',
    })
  })
})
