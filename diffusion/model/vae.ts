// The autoencoder: pixels in [-1, 1] ↔ latents the U-Net works on. Scale and shift come from the model's config, the
// number of latent channels and the pixels per latent pixel from its graphs.
import { z } from 'zod'
import { NonFiniteError } from '../errors.ts'
import type { Pixels } from '../images/rgb-image.ts'
import { type Component, hasComponent, loadComponent } from '../runtime/component.ts'
import { readComponentConfig } from '../runtime/read-config.ts'
import type { NoiseSource } from '../schedulers/scheduler.ts'
import type { LoadModelOptions } from './load-options.ts'
import { needsTiles, type Planes, runInTiles, TILE_PX, type TileOptions } from './tiles.ts'
import type { LatentSize } from './unet.ts'

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
    const inputDim = decoder.inputs.get('latent_sample')?.dims[1]
    const latentChannels = typeof inputDim === 'number' ? inputDim : config.latent_channels
    if (latentChannels === undefined)
      throw new RangeError('Neither vae_decoder nor its config says its latent channels')
    const scaleFactor = 2 ** (config.block_out_channels.length - 1)
    const hasEncoder = await hasComponent(options.files, 'vae_encoder')
    const encoder = hasEncoder ? await loadComponent({ ...options, name: 'vae_encoder' }) : undefined
    return {
      latentChannels,
      scaleFactor,
      async encode(pixels, noise) {
        if (encoder === undefined) throw new RangeError('The model has no vae_encoder, so it takes no input image')
        const tile = { side: TILE_PX, scale: 1 / scaleFactor }
        const encoded = await runWhole(encoder, 'sample', { channels: 3, ...pixels }, tile, needsTiles(pixels))
        return toLatents(encoded, config, latentChannels, noise)
      },
      async decode(latents, size) {
        const tile = { side: TILE_PX / scaleFactor, scale: scaleFactor }
        const sides = { width: size.width * scaleFactor, height: size.height * scaleFactor }
        const z = { ...size, data: fromLatents(latents, config) }
        return runWhole(decoder, 'latent_sample', z, tile, needsTiles(sides))
      },
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

function runWhole(
  component: Component,
  inputName: string,
  input: Planes,
  tile: TileOptions,
  inTiles: boolean,
): Promise<Planes> {
  const run = (part: Planes) => runPlanes(component, inputName, part)
  return inTiles ? runInTiles(run, input, tile) : run(input)
}

/** One image through one half of the autoencoder. */
export async function runPlanes(component: Component, inputName: string, input: Planes): Promise<Planes> {
  const outputs = await component.run({
    [inputName]: { dims: [1, input.channels, input.height, input.width], data: input.data },
  })
  const [output] = Object.values(outputs)
  if (output === undefined) throw new RangeError(`${component.name} gave no float output`)
  assertFinite(component.name, output.data)
  const [, channels = 0, height = 0, width = 0] = output.dims
  return { channels, width, height, data: output.data }
}

/** Latents are `(z - shift) * scale`: unit variance, which the noise schedule assumes. */
function toLatents(encoded: Planes, config: VaeConfig, channels: number, noise: NoiseSource) {
  const z = encoded.channels === channels * 2 ? samplePosterior(encoded.data, noise) : encoded.data
  const shift = config.shift_factor ?? 0
  const latents = z.map((value) => (value - shift) * config.scaling_factor)
  return { latents, size: { channels, height: encoded.height, width: encoded.width } }
}

function fromLatents(latents: Float32Array, config: VaeConfig): Float32Array {
  const shift = config.shift_factor ?? 0
  return latents.map((value) => value / config.scaling_factor + shift)
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

export function assertFinite(session: string, values: Float32Array, callIndex?: number): void {
  for (const value of values) if (!Number.isFinite(value)) throw new NonFiniteError(session, callIndex)
}
