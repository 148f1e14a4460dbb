// Where in the picture each token of the prompt was looked at: a U-Net's cross-attention, brought from the layers' own
// resolutions to the latents'. For people to look at; nothing is computed with it. After DAAM (arXiv 2210.04885), without its sums
// over steps: a run's owner adds up what it wants to.
import { resizeBilinear } from '../images/bilinear.ts'
import type { AttentionLayer } from '../model/attention-outputs.ts'
import type { LatentSize } from '../model/unet.ts'

/** One map per token of the text embeds, start, end and padding tokens too. */
export interface CrossAttentionMaps {
  readonly tokens: number
  /** The latents' own sides, so that maps lie on `preview()` pixel by pixel. */
  readonly height: number
  readonly width: number
  /** float32 [tokens, height, width]: share of the place's attention the token had; over all tokens they sum to 1. */
  readonly data: Float32Array
}

interface Sides {
  readonly height: number
  readonly width: number
}

/**
 * The mean over heads, then over layers, each layer resized bilinearly to the latents' sides.
 * @throws RangeError where a layer's queries are no resolution of these latents, or layers differ in their tokens.
 */
export function averageAttention(
  [first, ...others]: readonly [AttentionLayer, ...AttentionLayer[]],
  size: LatentSize,
): CrossAttentionMaps {
  const { tokens } = first
  const { height, width } = size
  const data = new Float32Array(tokens * height * width)
  const layers = [first, ...others]
  for (const layer of layers) {
    if (layer.tokens !== tokens) {
      throw new RangeError(
        `All cross-attention is over the same tokens: ${first.name} has ${tokens}, ${layer.name} ${layer.tokens}`,
      )
    }
    const resized = resizeBilinear(averageHeads(layer), layerSides(layer, size), size)
    resized.forEach((value, i) => {
      data[i] = (data[i] ?? 0) + value / layers.length
    })
  }
  return { tokens, height, width, data }
}

/** A layer sees the latents at some smaller size of the same aspect; its count of queries then says which. */
function layerSides({ name, queries }: AttentionLayer, { height, width }: Sides): Sides {
  const layerHeight = Math.round(Math.sqrt((queries * height) / width))
  const layerWidth = queries / layerHeight
  if (layerHeight * width !== layerWidth * height || layerHeight > height) {
    throw new RangeError(
      `${name} has ${queries} queries, but its resolution must be of the aspect of the latents, ${width}x${height}, and no larger`,
    )
  }
  return { height: layerHeight, width: layerWidth }
}

/** [heads, queries, tokens] → [tokens, queries]. */
function averageHeads({ heads, queries, tokens, data }: AttentionLayer): Float32Array {
  const planes = new Float32Array(tokens * queries)
  let at = 0
  for (let head = 0; head < heads; head++) {
    for (let query = 0; query < queries; query++) {
      for (let token = 0; token < tokens; token++) {
        const to = token * queries + query
        planes[to] = (planes[to] ?? 0) + (data[at++] ?? 0) / heads
      }
    }
  }
  return planes
}
