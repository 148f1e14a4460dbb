// An optional small decoder for previews: `preview_decoder/model.onnx` in TAESD's layout (github.com/madebyollin/taesd, diffusers'
// AutoencoderTiny), `latent_sample` or `latents` → `sample` in [-1, 1]. Never what the finished picture is made with.
// Meant for the story of how a picture formed; progress makes do with `preview()`.
import { z } from 'zod'
import type { Pixels } from '../images/rgb-image.ts'
import { hasComponent, loadComponent } from '../runtime/component.ts'
import { readComponentConfig } from '../runtime/read-config.ts'
import type { LoadModelOptions } from './load-options.ts'
import type { LatentSize } from './unet.ts'
import { runPlanes } from './vae.ts'

export interface PreviewDecoder {
  /** @param latents float32 [channels, height, width]; decoded whole, at whatever size. */
  decode(latents: Float32Array, size: LatentSize): Promise<Pixels>
  dispose(): Promise<void>
}

/** Unlike the autoencoder's, TAESD's latents are the U-Net's own: unscaled unless the config says otherwise. */
const configSchema = z.looseObject({
  scaling_factor: z.number().positive().default(1),
  shift_factor: z.number().nullish(),
})

const INPUT_NAMES = ['latent_sample', 'latents']

/** @returns undefined where the model has none. @throws RangeError where the graph does not take the model's latents. */
export async function loadPreviewDecoder(
  options: LoadModelOptions,
  latentChannels: number,
): Promise<PreviewDecoder | undefined> {
  if (!(await hasComponent(options.files, 'preview_decoder'))) return undefined
  const config = await readComponentConfig(options.files, 'preview_decoder', configSchema)
  const decoder = await loadComponent({ ...options, name: 'preview_decoder' })
  try {
    const [inputName = '', ...others] = decoder.inputs.keys()
    if (!INPUT_NAMES.includes(inputName) || others.length > 0) {
      const asked = [inputName, ...others].join(', ')
      throw new RangeError(`preview_decoder takes one input, ${INPUT_NAMES.join(' or ')}; this one asks for ${asked}`)
    }
    const channels = decoder.inputs.get(inputName)?.dims[1]
    if (typeof channels === 'number' && channels !== latentChannels) {
      throw new RangeError(`preview_decoder takes ${channels} latent channels, the model has ${latentChannels}`)
    }
    return {
      async decode(latents, size) {
        const shift = config.shift_factor ?? 0
        const data = latents.map((value) => value / config.scaling_factor + shift)
        const pixels = await runPlanes(decoder, inputName, { ...size, data })
        if (pixels.channels !== 3)
          throw new RangeError(`preview_decoder must give 3 channels, it gave ${pixels.channels}`)
        return pixels
      },
      dispose: () => decoder.dispose(),
    }
  } catch (error) {
    await decoder.dispose()
    throw error
  }
}
