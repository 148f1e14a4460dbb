// What of a repository is fetched, by its names and its model_index.json alone.
import { describe, expect, test } from 'vitest'
import { familyOf, readArchitecture } from '#worker/models/check-architecture.ts'
import { chooseFiles } from '#worker/models/choose-files.ts'
import { parseModelCard } from '#worker/models/read-model-card.ts'

const listed = (...paths: string[]) => paths.map((path) => ({ path, sizeBytes: 1 }))
const chosen = (paths: string[], allPrecisions = false) =>
  chooseFiles(listed(...paths), allPrecisions).map(({ path }) => path)

describe('the files of a model', () => {
  test('are graphs with their weights, configs, tokenizers and what states the licence', () => {
    const wanted = [
      'LICENSE',
      'README.md',
      'model_index.json',
      'scheduler/scheduler_config.json',
      'text_encoder/config.json',
      'text_encoder/model.onnx',
      'tokenizer/merges.txt',
      'tokenizer/vocab.json',
      'unet/model.onnx',
      'unet/model.onnx_data',
      'unet/model.onnx_data_1',
      'unet/weights.pb',
      'vae_decoder/model.onnx.data',
    ]
    const others = [
      'unet/diffusion_pytorch_model.safetensors',
      'unet/flax_model.msgpack',
      'safety_checker/model.onnx',
      'feature_extractor/preprocessor_config.json',
      'picture.png',
      'unet/old/model.onnx',
      'v1-5-pruned.ckpt',
    ]
    expect(chosen([...others, ...wanted])).toEqual(wanted)
  })

  test('are of other precisions only when asked for', () => {
    const paths = ['unet/model.onnx', 'unet/model_fp16.onnx', 'unet/model_fp16.onnx_data', 'unet/model.int8.onnx']
    expect(chosen(paths)).toEqual(['unet/model.onnx'])
    expect(chosen(paths, true)).toHaveLength(4)
  })

  test.each([
    'unet/../../x.onnx',
    '../model_index.json',
    'unet/a\\b.onnx',
    'unet/.onnx',
    'unet/a\n.onnx',
    `unet/${'a'.repeat(300)}.onnx`,
  ])('have names that stay inside: %j is refused', (path) => {
    expect(() => chosen([path])).toThrow('is no file name that is written here')
  })
})

describe('an architecture', () => {
  const read = (name: unknown, ...paths: string[]) => readArchitecture({ _class_name: name }, listed(...paths))

  test.each([
    ['StableDiffusionPipeline', 'StableDiffusion'],
    ['OnnxStableDiffusionInpaintPipeline', 'StableDiffusion'],
    ['ORTStableDiffusionImg2ImgPipeline', 'StableDiffusion'],
    ['ORTStableDiffusionXLPipeline', 'StableDiffusionXL'],
    ['LatentConsistencyModelPipeline', 'LatentConsistencyModel'],
  ])('%s runs', (name, architecture) => {
    expect(read(name, 'unet/model.onnx')).toBe(architecture)
  })

  test.each(['FluxPipeline', 'StableDiffusion3Pipeline', 'StableDiffusionXLControlNetPipeline', 'KandinskyPipeline'])(
    '%s is refused by name',
    (name) => {
      expect(() => read(name, 'unet/model.onnx')).toThrow(`This model is a ${name}; what runs here is Stable Diffusion`)
    },
  )

  test('without the graph workers run says what there is instead', () => {
    expect(() => read('StableDiffusionPipeline', 'unet/model_fp16.onnx')).toThrow(
      'has unet/model_fp16.onnx and no unet/model.onnx',
    )
    expect(() => read('StableDiffusionPipeline', 'unet/x.safetensors')).toThrow('npm run models -- convert')
    expect(() => read(undefined)).toThrow('names no _class_name')
  })

  test('and the width of its text tell the family', () => {
    expect(familyOf({ architecture: 'StableDiffusion', textWidth: 768 })).toBe('sd1')
    expect(familyOf({ architecture: 'StableDiffusion', textWidth: 1024 })).toBe('sd2')
    expect(familyOf({ architecture: 'StableDiffusionXL', textWidth: 2048 })).toBe('sdxl')
    expect(familyOf({ architecture: 'LatentConsistencyModel', textWidth: 768 })).toBe('lcm')
  })
})

describe('a model card', () => {
  test('says licence, summary and trigger words', () => {
    const card =
      '---\nlicense: "openrail++"\ninstance_prompt: photo of sks dog\n---\n# Title\n\n![](x.png)\nDraws dogs.\nAnd more.'
    expect(parseModelCard(card)).toEqual({
      license: 'openrail++',
      summary: 'Draws dogs.',
      triggerWords: ['photo of sks dog'],
    })
  })

  test('names a licence of its own with its place', () => {
    const card = '---\nlicense: other\nlicense_name: sdxl-turbo\nlicense_link: https://example.com/l\n---\n'
    expect(parseModelCard(card).license).toBe('sdxl-turbo (https://example.com/l)')
  })

  test('without a head says nothing it does not know', () => {
    expect(parseModelCard('# Only a title')).toEqual({ license: undefined, summary: undefined, triggerWords: [] })
  })
})
