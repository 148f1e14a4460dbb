// The autoencoder: pixels in [-1, 1] ↔ latents the U-Net works on. Scale and shift come from the model's config, the
// number of latent channels and the pixels per latent pixel from its graphs.
import { z } from 'zod'
import { NonFiniteError } from '../errors.ts'
import { type Component, hasComponent, loadComponent } from '../runtime/component.ts'
import type { NoiseSource } from '../schedulers/scheduler.ts'
import type { LoadModelOptions } from './load-model.ts'
import { readComponentConfig } from './read-config.ts'
import { decodeTiled, needsTiles } from './tiled-decode.ts'
import type { LatentSize } from './unet.ts'

/** float32 [3, height, width] in [-1, 1]. */
export interface Pixels {
  readonly width: number
  readonly height: number
  readonly data: Float32Array
}

export interface Vae {
  readonly latentChannels: number
  /** Picture pixels per latent pixel on a side: 8 in Stable Diffusion. */
  readonly scaleFactor: number
  /** @throws RangeError where the model has no `vae_encoder`: it makes pictures from text only. */
  encode(pixels: Pixels, noise: NoiseSource): Promise<{ readonly latents: Float32Array; readonly size: LatentSize }>
  decode(latents: Float32Array, size: LatentSize): Promise<Pixels>
  dispose(): Promise<void>
}

const configSchema = z.looseObject({
  latent_channels: z.int().positive().optional(),
  scaling_factor: z.number().positive().default(0.18215),
  shift_factor: z.number().nullish(),
  /** One per resolution; Stable Diffusion's four halve the sides three times. */
  block_out_channels: z.array(z.int()).min(1).default([128, 256, 512, 512]),
})
type VaeConfig = z.output<typeof configSchema>

export async function loadVae(options: LoadModelOptions): Promise<Vae> {
  const config = await readComponentConfig(options.files, 'vae_decoder', configSchema)
  const decoder = await loadComponent({ ...options, name: 'vae_decoder' })
  try {
    const hasEncoder = await hasComponent(options.files, 'vae_encoder')
    const encoder = hasEncoder ? await loadComponent({ ...options, name: 'vae_encoder' }) : undefined
    const scaleFactor = 2 ** (config.block_out_channels.length - 1)
    const inputDim = decoder.inputs.get('latent_sample')?.dims[1]
    const latentChannels = typeof inputDim === 'number' ? inputDim : config.latent_channels
    if (latentChannels === undefined)
      throw new RangeError('Neither vae_decoder nor its config says its latent channels')
    return {
      latentChannels,
      scaleFactor,
      async encode(pixels, noise) {
        if (encoder === undefined) throw new RangeError('The model has no vae_encoder, so it takes no input image')
        return encode(encoder, { ...config, latentChannels }, pixels, noise)
      },
      decode: (latents, size) =>
        needsTiles(size, scaleFactor)
          ? decodeTiled((tile, tileSize) => decode(decoder, config, tile, tileSize), latents, size, { scaleFactor })
          : decode(decoder, config, latents, size),
      async dispose() {
        await decoder.dispose()
        await encoder?.dispose()
      },
    }
  } catch (error) {
    await decoder.dispose()
    throw error
  }
}

/** Latents are `(z - shift) * scale`: unit variance, which the noise schedule assumes. */
async function encode(
  encoder: Component,
  config: VaeConfig & { readonly latentChannels: number },
  { width, height, data }: Pixels,
  noise: NoiseSource,
) {
  const outputs = await encoder.run({ sample: { dims: [1, 3, height, width], data } })
  const [output] = Object.values(outputs)
  if (output === undefined) throw new RangeError('vae_encoder gave no float output')
  const [, channels = 0, latentHeight = 0, latentWidth = 0] = output.dims
  const z = channels === config.latentChannels * 2 ? samplePosterior(output.data, noise) : output.data
  const shift = config.shift_factor ?? 0
  const latents = z.map((value) => (value - shift) * config.scaling_factor)
  assertFinite('vae_encoder', latents)
  return { latents, size: { channels: config.latentChannels, height: latentHeight, width: latentWidth } }
}

/** Exports that give mean and log-variance are sampled with the run's first noise, as diffusers does with its generator. */
function samplePosterior(moments: Float32Array, noise: NoiseSource): Float32Array {
  const size = moments.length / 2
  const drawn = noise.next(size)
  return drawn.map((value, i) => {
    // Diffusers clamps the log-variance to keep a broken encoder from overflowing.
    const logVariance = Math.min(20, Math.max(-30, moments[size + i] ?? 0))
    return (moments[i] ?? 0) + Math.exp(0.5 * logVariance) * value
  })
}

async function decode(decoder: Component, config: VaeConfig, latents: Float32Array, size: LatentSize): Promise<Pixels> {
  const shift = config.shift_factor ?? 0
  const z = latents.map((value) => value / config.scaling_factor + shift)
  const outputs = await decoder.run({
    latent_sample: { dims: [1, size.channels, size.height, size.width], data: z },
  })
  const [output] = Object.values(outputs)
  if (output === undefined) throw new RangeError('vae_decoder gave no float output')
  const [, , height = 0, width = 0] = output.dims
  assertFinite('vae_decoder', output.data)
  return { width, height, data: output.data }
}

export function assertFinite(session: string, values: Float32Array, callIndex?: number): void {
  for (const value of values) if (!Number.isFinite(value)) throw new NonFiniteError(session, callIndex)
}
