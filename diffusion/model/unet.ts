// The denoising U-Net: what it asks for is read from its graph inputs, not from a model's name. An ordinary one takes
// noisy latents; an inpainting one also mask and masked latents; SDXL pooled text and sizes; LCM the guidance scale.
import { z } from 'zod'
import { type Component, loadComponent, type Values } from '../runtime/component.ts'
import { readComponentConfig } from '../runtime/read-config.ts'
import { type AttentionLayer, isAttentionOutput, splitAttention } from './attention-outputs.ts'
import type { LoadPartOptions } from './load-options.ts'

/** Channels are counts of latent channels, sides in latent pixels. */
export interface LatentSize {
  readonly channels: number
  readonly height: number
  readonly width: number
}

/** What the text says, for one row of a batch. */
export interface Conditioning {
  /** float32 [length, width]; all rows of one call share the shape. */
  readonly hidden: Float32Array
  readonly width: number
  /** float32 [pooledWidth], SDXL. */
  readonly pooled: Float32Array | undefined
}

/** One row of a batched U-Net call. */
export interface UNetRow {
  /** float32 [channels, height, width], as the sampler scaled it. */
  readonly sample: Float32Array
  readonly size: LatentSize
  readonly timestep: number
  readonly conditioning: Conditioning
  /** float32 [inputChannels - channels, height, width]: mask and masked latents of an inpainting U-Net. */
  readonly extraChannels?: Float32Array
  /** SDXL: original height and width, crop top and left, target height and width, in pixels. */
  readonly timeIds?: readonly number[]
  /** LCM: the guidance scale the model is told instead of being guided. */
  readonly guidanceScale?: number
}

/** What one row of a U-Net call gave. */
export interface UNetOutput {
  /** float32 [channels, height, width]: the predicted noise, velocity or clean latents. */
  readonly sample: Float32Array
  /** One for each `cross_attention.<layer>` output of the graph; most graphs have none. */
  readonly attention: readonly AttentionLayer[]
}

export interface UNet {
  readonly inputChannels: number
  /** Latent sides come in multiples of this: what the U-Net halves on the way down has to double back to the same size. */
  readonly sideMultiple: number
  /** Latent sides the graph is fixed to; undefined where it takes any. */
  readonly fixedSides: { readonly height: number; readonly width: number } | undefined
  /** Rows of text embeds the graph is fixed to; undefined where a prompt may be any number of windows long. */
  readonly fixedTextLength: number | undefined
  readonly takesPooledText: boolean
  readonly takesGuidanceScale: boolean
  /** Whether rows of one call may be at different timesteps. */
  readonly timestepPerRow: boolean
  /** One call for all rows. @returns what each gave, in order. */
  predict(rows: readonly [UNetRow, ...UNetRow[]]): Promise<UNetOutput[]>
  dispose(): Promise<void>
}

const KNOWN_INPUTS = ['sample', 'timestep', 'encoder_hidden_states', 'text_embeds', 'time_ids', 'timestep_cond']
const configSchema = z.looseObject({
  in_channels: z.int().positive().optional(),
  /** One per resolution; a config without it leaves the sides free. */
  block_out_channels: z.array(z.int()).min(1).default([1]),
})

export async function loadUNet(options: LoadPartOptions): Promise<UNet> {
  const component = await loadComponent({ ...options, name: 'unet' })
  try {
    const unknown = [...component.inputs.keys()].filter((name) => !KNOWN_INPUTS.includes(name))
    if (unknown.length > 0)
      throw new RangeError(`unet asks for ${unknown.join(', ')}; known: ${KNOWN_INPUTS.join(', ')}`)
    const [, channels, height, width] = component.inputs.get('sample')?.dims ?? []
    const textLength = component.inputs.get('encoder_hidden_states')?.dims[1]
    const config = await readComponentConfig(options.files, 'unet', configSchema)
    const inputChannels = typeof channels === 'number' ? channels : config.in_channels
    if (inputChannels === undefined) throw new RangeError('Neither unet nor its config says how many channels it takes')
    return {
      inputChannels,
      sideMultiple: 2 ** (config.block_out_channels.length - 1),
      fixedSides: typeof height === 'number' && typeof width === 'number' ? { height, width } : undefined,
      fixedTextLength: typeof textLength === 'number' ? textLength : undefined,
      takesPooledText: component.inputs.has('text_embeds'),
      takesGuidanceScale: component.inputs.has('timestep_cond'),
      timestepPerRow: typeof component.inputs.get('timestep')?.dims[0] === 'string',
      predict: (rows) => predict(component, inputChannels, rows),
      dispose: () => component.dispose(),
    }
  } catch (error) {
    await component.dispose()
    throw error
  }
}

async function predict(
  component: Component,
  inputChannels: number,
  rows: readonly [UNetRow, ...UNetRow[]],
): Promise<UNetOutput[]> {
  const [first] = rows
  const { height, width } = first.size
  const batch = rows.length
  const samples = rows.flatMap((row) => (row.extraChannels ? [row.sample, row.extraChannels] : [row.sample]))
  const hiddenLength = first.conditioning.hidden.length / first.conditioning.width
  const feeds: Record<string, Values> = {
    sample: { dims: [batch, inputChannels, height, width], data: concat(samples) },
    timestep: timesteps(component, rows),
    encoder_hidden_states: {
      dims: [batch, hiddenLength, first.conditioning.width],
      data: concat(rows.map((row) => row.conditioning.hidden)),
    },
  }
  if (component.inputs.has('text_embeds')) {
    const pooled = concat(rows.map((row) => row.conditioning.pooled ?? new Float32Array()))
    feeds.text_embeds = { dims: [batch, pooled.length / batch], data: pooled }
  }
  if (component.inputs.has('time_ids')) {
    const ids = Float32Array.from(rows.flatMap((row) => row.timeIds ?? []))
    feeds.time_ids = { dims: [batch, ids.length / batch], data: ids }
  }
  const guidance = component.inputs.get('timestep_cond')
  if (guidance !== undefined) {
    const embedSize = guidance.dims[1]
    if (typeof embedSize !== 'number')
      throw new RangeError('unet must fix the width of timestep_cond, e.g. [batch, 256]')
    const embeds = concat(rows.map((row) => guidanceScaleEmbedding(row.guidanceScale ?? 1, embedSize)))
    feeds.timestep_cond = { dims: [batch, embedSize], data: embeds }
  }
  const outputs = await component.run(feeds)
  const output = outputs[component.outputs.find(({ name }) => !isAttentionOutput(name))?.name ?? 'out_sample']
  if (output === undefined)
    throw new RangeError(`unet gave no float output; it gave ${Object.keys(outputs).join(', ')}`)
  const rowSize = output.data.length / batch
  const attention = splitAttention(outputs, batch)
  return rows.map((_, row) => ({
    sample: output.data.slice(row * rowSize, (row + 1) * rowSize),
    attention: attention[row] ?? [],
  }))
}

/** Exports disagree on the timestep's shape: a scalar, [1], or one per row. */
function timesteps(component: Component, rows: readonly [UNetRow, ...UNetRow[]]): Values {
  const [first] = rows
  const dims = component.inputs.get('timestep')?.dims ?? []
  if (typeof dims[0] === 'string') {
    return { dims: [rows.length], data: Float32Array.from(rows, (row) => row.timestep) }
  }
  if (rows.some((row) => row.timestep !== first.timestep)) {
    throw new RangeError('This unet takes one timestep for the whole batch; its export has no batch dimension for it')
  }
  return { dims: dims.length === 0 ? [] : [1], data: Float32Array.of(first.timestep) }
}

/** Sinusoidal embedding of `guidanceScale - 1` times 1000: arXiv 2303.00752, as diffusers' `get_guidance_scale_embedding`. */
function guidanceScaleEmbedding(guidanceScale: number, size: number): Float32Array {
  const half = Math.floor(size / 2)
  const embedding = new Float32Array(size)
  for (let i = 0; i < half; i++) {
    const angle = (guidanceScale - 1) * 1000 * Math.exp((-Math.log(10_000) * i) / (half - 1))
    embedding[i] = Math.sin(angle)
    embedding[half + i] = Math.cos(angle)
  }
  return embedding
}

function concat(parts: readonly Float32Array[]): Float32Array {
  const [first] = parts
  if (parts.length === 1 && first !== undefined) return first
  const whole = new Float32Array(parts.reduce((size, part) => size + part.length, 0))
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}
