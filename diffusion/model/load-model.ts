// Loads a model in the Hugging Face diffusers ONNX layout: one folder per component, each with its config beside the
// graph. Everything that differs between Stable Diffusion's descendants is read from those files.

import { z } from 'zod'
import type { ModelManifest } from '#contracts/model-manifest.ts'
import type { NetworkUse } from '#recipes/prompt/networks.ts'
import { throwIfAborted } from '../errors.ts'
import { withNetworks } from '../networks/with-networks.ts'
import { readConfig } from '../runtime/read-config.ts'
import { type NoiseScheduleConfig, parseSchedulerConfig } from '../schedulers/index.ts'
import type { LoadModelOptions, LoadPartOptions } from './load-options.ts'
import { loadPreviewDecoder, type PreviewDecoder } from './preview-decoder.ts'
import { loadTextEncoder, type TextEncoder } from './text-encoder.ts'
import { loadUNet, type UNet } from './unet.ts'
import { loadVae, type Vae } from './vae.ts'

export interface Model {
  readonly manifest: ModelManifest
  /** What its weights were changed by. */
  readonly networks: readonly NetworkUse[]
  readonly noiseSchedule: NoiseScheduleConfig
  readonly textEncoders: readonly TextEncoder[]
  readonly unet: UNet
  readonly vae: Vae
  /** Where the folder has a `preview_decoder`. */
  readonly previewDecoder: PreviewDecoder | undefined
  /** SDXL: an empty negative prompt is all zeros instead of the encoding of the empty text. */
  readonly zerosForEmptyNegative: boolean
  /** Frees every graph. */
  dispose(): Promise<void>
}

const indexSchema = z.looseObject({
  text_encoder_2: z.tuple([z.string().nullable(), z.string().nullable()]).optional(),
  force_zeros_for_empty_prompt: z.boolean().default(false),
})

/** @throws RangeError where files and layout disagree; a named error where the engine fails. Frees what it had loaded. */
export async function loadModel(options: LoadModelOptions): Promise<Model> {
  const loaded: { dispose(): Promise<void> }[] = []
  const keep = async <Part extends { dispose(): Promise<void> } | undefined>(part: Promise<Part>): Promise<Part> => {
    const kept = await part
    if (kept !== undefined) loaded.push(kept)
    throwIfAborted(options.signal)
    return kept
  }
  const dispose = async (): Promise<void> => {
    for (const part of loaded.splice(0).reverse()) await part.dispose()
  }
  try {
    throwIfAborted(options.signal)
    const parts = await partOptions(options)
    const index = await readConfig(options.files, 'model_index.json', indexSchema)
    const schedulerConfig = await readConfig(options.files, 'scheduler/scheduler_config.json', z.unknown())
    // One after the other: two graphs being optimised at once need the memory of both.
    const textEncoders = [await keep(loadTextEncoder(parts, ''))]
    if (index.text_encoder_2?.[1]) textEncoders.push(await keep(loadTextEncoder(parts, '_2')))
    const unet = await keep(loadUNet(parts))
    const vae = await keep(loadVae(options))
    requireMatchingChannels(unet.inputChannels, vae.latentChannels)
    const previewDecoder = await keep(loadPreviewDecoder(options, vae.latentChannels))
    return {
      manifest: options.manifest,
      networks: (options.networks ?? []).map(({ readBytes: _readBytes, ...use }) => use),
      noiseSchedule: parseSchedulerConfig(schedulerConfig),
      textEncoders,
      unet,
      vae,
      previewDecoder,
      zerosForEmptyNegative: index.force_zeros_for_empty_prompt,
      dispose,
    }
  } catch (error) {
    await dispose()
    throw error
  }
}

async function partOptions(options: LoadModelOptions): Promise<LoadPartOptions> {
  if (options.networks === undefined || options.networks.length === 0) return options
  const files = await withNetworks(options.files, options.networks)
  return { ...options, files, addedWords: files.addedWords }
}

/** An ordinary U-Net takes the latents alone, an inpainting one also a mask and the masked latents. */
function requireMatchingChannels(inputs: number, latents: number): void {
  if (inputs === latents || inputs === 2 * latents + 1) return
  throw new RangeError(
    `unet takes ${inputs} channels; with ${latents} latent channels it takes ${latents} or ${2 * latents + 1}`,
  )
}
