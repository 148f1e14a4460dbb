// The original code (CompVis' latent-diffusion, Stability's sgm) numbers a U-Net's blocks in one row; diffusers groups them by
// resolution. kohya's SDXL files speak the former: `input_blocks_4_1_…`. As diffusers' `_maybe_map_sgm_blocks_to_diffusers`.

/** Inside one residual block. */
const RESNET = new Map([
  ['in_layers_0', 'norm1'],
  ['in_layers_2', 'conv1'],
  ['emb_layers_1', 'time_emb_proj'],
  ['out_layers_0', 'norm2'],
  ['out_layers_3', 'conv2'],
  ['skip_connection', 'conv_shortcut'],
])
const WHOLE = new Map([
  ['input_blocks_0_0', 'conv_in'],
  ['time_embed_0', 'time_embedding_linear_1'],
  ['time_embed_2', 'time_embedding_linear_2'],
  ['label_emb_0_0', 'add_embedding_linear_1'],
  ['label_emb_0_2', 'add_embedding_linear_2'],
  ['out_0', 'conv_norm_out'],
  ['out_2', 'conv_out'],
])

/**
 * @param path of a layer, underscores between its parts.
 * @param layersPerBlock residual blocks per resolution on the way down, `layers_per_block` in the U-Net's config.
 * @returns diffusers' path; a path that is none of the original code's comes back as it was.
 */
export function fromLdmName(path: string, layersPerBlock: number): string {
  const whole = WHOLE.get(path)
  if (whole !== undefined) return whole
  const [, place, first, second, rest = ''] = /^(input|output|middle)_blocks?_(\d+)_(?:(\d+)_)?(.+)$/.exec(path) ?? []
  if (place === undefined) return path
  if (place === 'middle') {
    const tail = second === undefined ? rest : `${second}_${rest}`
    return first === '1'
      ? `mid_block_attentions_0_${tail}`
      : `mid_block_resnets_${Number(first) / 2}_${resnetPart(tail)}`
  }
  const isDown = place === 'input'
  // Each resolution has its blocks and, on the way down, its downsampler; on the way up one block more.
  const index = Number(first) - (isDown ? 1 : 0)
  const block = Math.floor(index / (layersPerBlock + 1))
  const layer = index % (layersPerBlock + 1)
  const prefix = `${isDown ? 'down' : 'up'}_blocks_${block}`
  if (isDown && layer === layersPerBlock) return `${prefix}_downsamplers_0_conv`
  if (rest === 'conv') return `${prefix}_upsamplers_0_conv`
  return second === '1' ? `${prefix}_attentions_${layer}_${rest}` : `${prefix}_resnets_${layer}_${resnetPart(rest)}`
}

const resnetPart = (part: string): string => RESNET.get(part) ?? part
