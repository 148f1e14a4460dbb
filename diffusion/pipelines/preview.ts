// A coarse picture straight from latents: one linear map per latent pixel, fitted per model family (manifest `latentRgb`,
// with its PSNR). Costs microseconds where the decoder costs as much as a step.
import type { ModelManifest } from '#contracts/model-manifest.ts'
import { type RgbImage, toByte } from '../images/rgb-image.ts'
import type { LatentSize } from '../model/unet.ts'

/** @param latents float32 [channels, height, width]. */
export function latentsToRgb(latents: Float32Array, size: LatentSize, map: ModelManifest['latentRgb']): RgbImage {
  if (map.weights.length !== size.channels) {
    throw new RangeError(`latentRgb maps ${map.weights.length} channels, the model has ${size.channels}`)
  }
  const plane = size.height * size.width
  const rgb = new Uint8Array(plane * 3)
  for (let i = 0; i < plane; i++) {
    for (const color of [0, 1, 2] as const) {
      let value = map.bias[color]
      map.weights.forEach((weights, channel) => {
        value += weights[color] * (latents[channel * plane + i] ?? 0)
      })
      rgb[i * 3 + color] = toByte(value)
    }
  }
  return { width: size.width, height: size.height, rgb }
}
