// A graph with the weights of Stable Diffusion 1.5's U-Net, 860 million numbers under diffusers' names and in its shapes, all zero, and
// LoRA files for it. It computes nothing; reading and changing weights costs what it costs on the real one.
import { base128, lengthPrefix, varintField } from '#diffusion/onnx/wire.ts'
import { safetensors, type TensorValues } from '#test/harness/safetensors.ts'

export interface Layer {
  /** diffusers' module path, dots between. */
  readonly path: string
  /** torch's order: [out, in, ...kernel]. */
  readonly shape: readonly number[]
}

const CHANNELS = [320, 640, 1280, 1280]
const TEXT_WIDTH = 768
const TIME_WIDTH = 1280

/** Every linear and convolution layer. */
export function sd15Layers(): Layer[] {
  const layers: Layer[] = [
    { path: 'conv_in', shape: [320, 4, 3, 3] },
    { path: 'time_embedding.linear_1', shape: [TIME_WIDTH, 320] },
    { path: 'time_embedding.linear_2', shape: [TIME_WIDTH, TIME_WIDTH] },
  ]
  const skips = [320]
  let width = 320
  CHANNELS.forEach((channels, block) => {
    for (let layer = 0; layer < 2; layer++) {
      layers.push(...resnet(`down_blocks.${block}.resnets.${layer}`, width, channels))
      if (block < 3) layers.push(...transformer(`down_blocks.${block}.attentions.${layer}`, channels))
      width = channels
      skips.push(channels)
    }
    if (block === 3) return
    layers.push({ path: `down_blocks.${block}.downsamplers.0.conv`, shape: [channels, channels, 3, 3] })
    skips.push(channels)
  })
  layers.push(...resnet('mid_block.resnets.0', width, width), ...transformer('mid_block.attentions.0', width))
  layers.push(...resnet('mid_block.resnets.1', width, width))
  CHANNELS.toReversed().forEach((channels, block) => {
    for (let layer = 0; layer < 3; layer++) {
      layers.push(...resnet(`up_blocks.${block}.resnets.${layer}`, width + (skips.pop() ?? 0), channels))
      if (block > 0) layers.push(...transformer(`up_blocks.${block}.attentions.${layer}`, channels))
      width = channels
    }
    if (block < 3) layers.push({ path: `up_blocks.${block}.upsamplers.0.conv`, shape: [channels, channels, 3, 3] })
  })
  layers.push({ path: 'conv_out', shape: [4, 320, 3, 3] })
  return layers
}

function resnet(path: string, from: number, to: number): Layer[] {
  return [
    { path: `${path}.conv1`, shape: [to, from, 3, 3] },
    { path: `${path}.time_emb_proj`, shape: [to, TIME_WIDTH] },
    { path: `${path}.conv2`, shape: [to, to, 3, 3] },
    ...(from === to ? [] : [{ path: `${path}.conv_shortcut`, shape: [to, from, 1, 1] }]),
  ]
}

function transformer(path: string, width: number): Layer[] {
  const block = `${path}.transformer_blocks.0`
  const attention = (name: string, from: number): Layer[] => [
    { path: `${block}.${name}.to_q`, shape: [width, width] },
    { path: `${block}.${name}.to_k`, shape: [width, from] },
    { path: `${block}.${name}.to_v`, shape: [width, from] },
    { path: `${block}.${name}.to_out.0`, shape: [width, width] },
  ]
  return [
    { path: `${path}.proj_in`, shape: [width, width, 1, 1] },
    ...attention('attn1', width),
    ...attention('attn2', TEXT_WIDTH),
    { path: `${block}.ff.net.0.proj`, shape: [width * 8, width] },
    { path: `${block}.ff.net.2`, shape: [width, width * 4] },
    { path: `${path}.proj_out`, shape: [width, width, 1, 1] },
  ]
}

/** As Optimum exports it: linear layers turned for MatMul, weights in `model.onnx_data`. */
export function graphOf(
  layers: readonly Layer[],
  dataType: 'float32' | 'float16',
): { bytes: Uint8Array; dataBytes: number } {
  const text = (number: number, value: string) => {
    const encoded = Array.from(new TextEncoder().encode(value))
    return [...lengthPrefix(number, encoded.length), ...encoded]
  }
  const message = (number: number, content: readonly number[]) => [...lengthPrefix(number, content.length), ...content]
  const entry = (key: string, value: string) => message(13, [...text(1, key), ...text(2, value)])
  const size = dataType === 'float32' ? 4 : 2
  const graph: number[][] = []
  let offset = 0
  layers.forEach(({ path, shape }, index) => {
    const isLinear = shape.length === 2
    const dims = isLinear ? shape.toReversed() : shape
    const name = `/${path.replace(/\.(?!\d)/g, '/')}/${isLinear ? 'MatMul' : 'Conv'}`
    const node = [
      ...text(1, 'x'),
      ...text(1, `w${index}`),
      ...text(2, `y${index}`),
      ...text(3, name),
      ...text(4, isLinear ? 'MatMul' : 'Conv'),
    ]
    graph.push(message(1, node))
    const length = size * shape.reduce((product, side) => product * side, 1)
    const tensor = [
      ...dims.flatMap((dim) => varintField(1, dim)),
      ...varintField(2, dataType === 'float32' ? 1 : 10),
      ...text(8, `w${index}`),
      ...entry('location', 'model.onnx_data'),
      ...entry('offset', `${offset}`),
      ...entry('length', `${length}`),
      ...varintField(14, 1),
    ]
    graph.push(message(5, tensor))
    offset += length
  })
  const content = graph.flat()
  return {
    bytes: Uint8Array.from([...varintField(1, 8), 7 * 8 + 2, ...base128(content.length), ...content]),
    dataBytes: offset,
  }
}

/** What kohya's trainer writes by default: the linear layers of the transformer blocks and their projections. */
export const isAttention = ({ path }: Layer): boolean => path.includes('.attentions.')

export function loraFor(layers: readonly Layer[], rank: number): Uint8Array<ArrayBuffer> {
  const tensors: Record<string, TensorValues> = {}
  for (const { path, shape } of layers) {
    const [out = 0, from = 0, ...kernel] = shape
    const key = `lora_unet_${path.replaceAll('.', '_')}`
    const filled = (...sides: number[]): TensorValues => ({
      shape: sides,
      data: new Float32Array(sides.reduce((product, side) => product * side, 1)).fill(0.01),
    })
    tensors[`${key}.lora_down.weight`] = filled(rank, from, ...kernel)
    tensors[`${key}.lora_up.weight`] = filled(out, rank, ...kernel.map(() => 1))
  }
  return safetensors(tensors)
}
