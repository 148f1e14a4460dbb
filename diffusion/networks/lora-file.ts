// A LoRA file (arXiv 2106.09685) in the spellings people have: diffusers' (PEFT and older) and kohya's, with convolutions or without
// → low-rank updates by part of the model and layer. Which weights those layers are is decided where the graph is known.
import { z } from 'zod'
import { readSafetensors, type SafeTensors, toFloat32 } from './safetensors.ts'

export const MODEL_PARTS = ['unet', 'text_encoder', 'text_encoder_2'] as const
export type ModelPart = (typeof MODEL_PARTS)[number]

/** weight += scale · up · down, at the strength the prompt asks for. */
export interface LoraLayer {
  /** As the file spells it, for errors. */
  readonly key: string
  readonly part: ModelPart
  /** Module path with underscores, without the part: `down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q`. */
  readonly path: string
  /** float32 [rank, in, ...kernel]. */
  readonly down: Float32Array
  readonly downShape: readonly number[]
  /** float32 [out, rank]. */
  readonly up: Float32Array
  readonly upShape: readonly number[]
  /** alpha / rank. */
  readonly scale: number
}

const DOWN = /[._](?:lora_down|lora_A(?:\.default)?|lora\.down|lora_linear_layer\.down)\.weight$/
const UP = /[._](?:lora_up|lora_B(?:\.default)?|lora\.up|lora_linear_layer\.up)\.weight$/
const ALPHA = /\.alpha$/

/** What other kinds of networks are told by; merging them as if they were LoRAs would be wrong silently. */
const OTHER_KINDS: readonly (readonly [RegExp, string])[] = [
  [/\bhada_/, 'LoHa'],
  [/\blokr_/, 'LoKr'],
  [/\boft_/, 'OFT'],
  [/lora_mid/, 'LoCon in Tucker form'],
  [/dora_scale|lora_magnitude_vector/, 'DoRA'],
  [/\.diff(_b)?$/, 'full weight differences'],
  [
    /^(lora_transformer|transformer|diffusion_model|lora_unet_double_blocks|lora_unet_joint_blocks)[._]/,
    'weights of a transformer (Flux, SD 3)',
  ],
]

/** @param file its name, for errors. @throws RangeError naming the key and the rule. */
export function readLora(bytes: Uint8Array, file: string): LoraLayer[] {
  const { tensors, metadata } = readSafetensors(bytes, file)
  const keys = [...tensors.keys()]
  for (const key of keys) {
    const kind = OTHER_KINDS.find(([pattern]) => pattern.test(key))?.[1]
    if (kind !== undefined)
      throw new RangeError(`${file} holds ${kind} (${key}); what is merged is LoRA of linear and convolution layers`)
    if (!DOWN.test(key) && !UP.test(key) && !ALPHA.test(key))
      throw new RangeError(`${file}: ${key} is no part of a LoRA that is known here`)
  }
  const alphaOf = peftAlphas(metadata, file)
  const ups = new Map(keys.filter((key) => UP.test(key)).map((key) => [key.replace(UP, ''), key]))
  const layers = keys
    .filter((key) => DOWN.test(key))
    .map((downKey) => {
      const base = downKey.replace(DOWN, '')
      const upKey = ups.get(base)
      if (upKey === undefined) throw new RangeError(`${file}: ${downKey} has no other half (lora_up)`)
      ups.delete(base)
      return readLayer({ tensors, file, base, downKey, upKey, alphaOf })
    })
  const [alone] = ups.values()
  if (alone !== undefined) throw new RangeError(`${file}: ${alone} has no other half (lora_down)`)
  if (layers.length === 0) throw new RangeError(`${file} holds no LoRA layer`)
  return layers
}

interface LayerKeys {
  readonly tensors: SafeTensors['tensors']
  readonly file: string
  readonly base: string
  readonly downKey: string
  readonly upKey: string
  readonly alphaOf: (part: ModelPart, path: string, rank: number) => number
}

function readLayer({ tensors, file, base, downKey, upKey, alphaOf }: LayerKeys): LoraLayer {
  const down = tensors.get(downKey)
  const up = tensors.get(upKey)
  if (down === undefined || up === undefined) throw new RangeError(`${file}: ${base} is not whole`)
  const rank = down.shape[0] ?? 0
  const isLowRank = down.shape.length >= 2 && rank > 0 && up.shape[1] === rank
  const isPointwise = up.shape.slice(2).every((side) => side === 1)
  if (!isLowRank || !isPointwise) {
    throw new RangeError(
      `${file}: ${base}: down is [rank, in, …] and up [out, rank]; they are [${down.shape.join(', ')}] and [${up.shape.join(', ')}]`,
    )
  }
  const { part, path } = locate(base, file)
  const alphaTensor = tensors.get(`${base}.alpha`)
  const alpha =
    alphaTensor === undefined ? alphaOf(part, path, rank) : (toFloat32(alphaTensor, `${base}.alpha`)[0] ?? rank)
  if (!Number.isFinite(alpha))
    throw new RangeError(`${file}: ${base}.alpha is ${alpha}, which is no number to scale by`)
  return {
    key: base,
    part,
    path,
    down: toFloat32(down, downKey),
    downShape: down.shape,
    up: toFloat32(up, upKey),
    upShape: up.shape.slice(0, 2),
    scale: alpha / rank,
  }
}

const PREFIXES: readonly (readonly [RegExp, ModelPart])[] = [
  [/^lora_unet_|^unet\./, 'unet'],
  [/^lora_te2_|^text_encoder_2\./, 'text_encoder_2'],
  [/^lora_te1?_|^text_encoder\./, 'text_encoder'],
  // diffusers' first format had the U-Net alone and did not say so.
  [/^(?=(?:down_blocks|mid_block|up_blocks|conv_in|conv_out|time_embedding)\.)/, 'unet'],
]

function locate(base: string, file: string): { part: ModelPart; path: string } {
  for (const [prefix, part] of PREFIXES) {
    if (prefix.test(base)) return { part, path: layerPath(base.replace(prefix, '')) }
  }
  throw new RangeError(`${file}: ${base} names neither the U-Net nor a text encoder`)
}

/** One spelling for all: `attn1.processor.to_out_lora`, `attn1.to_out.0` and `attn1_to_out_0` are the same layer. */
function layerPath(path: string): string {
  const plain = path.replaceAll('.', '_').replace(/^(?:base_model_model_|text_model_)+/, '')
  const old = /^(.*_attn\d)_processor_(to_[qkv]|to_out)$/.exec(plain)
  if (old === null) return plain
  return `${old[1]}_${old[2] === 'to_out' ? 'to_out_0' : old[2]}`
}

const peftSchema = z.record(z.string(), z.unknown())

/** PEFT keeps alpha in the file's metadata; a file without any means alpha = rank. */
function peftAlphas(metadata: Readonly<Record<string, string>>, file: string): LayerKeys['alphaOf'] {
  const text = metadata.lora_adapter_metadata
  if (text === undefined) return (_part, _path, rank) => rank
  let config: Record<string, unknown>
  try {
    config = peftSchema.parse(JSON.parse(text))
  } catch (cause) {
    throw new RangeError(`${file}: its lora_adapter_metadata is not a JSON object`, { cause })
  }
  return (part, path, rank) => {
    const alpha = patterned(config[`${part}.alpha_pattern`], path) ?? config[`${part}.lora_alpha`] ?? rank
    if (typeof alpha !== 'number')
      throw new RangeError(`${file}: ${part}.lora_alpha is a number, got ${JSON.stringify(alpha)}`)
    // "Rank-stabilised" LoRA divides by the root of the rank (arXiv 2312.03732).
    return config[`${part}.use_rslora`] === true ? alpha * Math.sqrt(rank) : alpha
  }
}

/** An alpha of its own for layers whose path ends in the pattern's name. */
function patterned(patterns: unknown, path: string): unknown {
  if (patterns === null || typeof patterns !== 'object') return undefined
  const found = Object.entries(patterns).find(([name]) => `_${path}`.endsWith(`_${name.replaceAll('.', '_')}`))
  return found?.[1]
}
