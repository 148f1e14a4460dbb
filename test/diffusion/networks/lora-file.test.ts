// The spellings of LoRA files people have, and the files that are something else. That the numbers come out right is held against
// diffusers in test/integration/diffusion/networks.test.ts.
import { describe, expect, test } from 'vitest'
import { readEmbedding } from '#diffusion/networks/embedding-file.ts'
import { fromLdmName } from '#diffusion/networks/ldm-names.ts'
import { readLora } from '#diffusion/networks/lora-file.ts'
import { safetensors, type TensorValues, zeros } from '#test/harness/safetensors.ts'

const read = (tensors: Record<string, TensorValues>, metadata?: Record<string, string>) =>
  readLora(safetensors(tensors, metadata), 'it')
const pair = (down: string, up: string) => ({ [down]: zeros(2, 8), [up]: zeros(6, 2) })
const Q = 'down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q'

describe('a LoRA file', () => {
  test.each([
    ['kohya', 'unet', Q, `lora_unet_${Q}.lora_down.weight`, `lora_unet_${Q}.lora_up.weight`],
    [
      'PEFT',
      'unet',
      Q,
      'unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.lora_A.weight',
      'unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.lora_B.weight',
    ],
    [
      'diffusers',
      'unet',
      Q,
      'unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.lora.down.weight',
      'unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.lora.up.weight',
    ],
    [
      'diffusers’ first',
      'unet',
      Q,
      'down_blocks.0.attentions.0.transformer_blocks.0.attn1.processor.to_q_lora.down.weight',
      'down_blocks.0.attentions.0.transformer_blocks.0.attn1.processor.to_q_lora.up.weight',
    ],
    [
      'diffusers’ first, output projection',
      'unet',
      Q.replace('to_q', 'to_out_0'),
      'unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.processor.to_out_lora.down.weight',
      'unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.processor.to_out_lora.up.weight',
    ],
    [
      'kohya, text encoder',
      'text_encoder',
      'encoder_layers_0_mlp_fc1',
      'lora_te_text_model_encoder_layers_0_mlp_fc1.lora_down.weight',
      'lora_te_text_model_encoder_layers_0_mlp_fc1.lora_up.weight',
    ],
    [
      'kohya, SDXL’s second text encoder',
      'text_encoder_2',
      'encoder_layers_0_mlp_fc1',
      'lora_te2_text_model_encoder_layers_0_mlp_fc1.lora_down.weight',
      'lora_te2_text_model_encoder_layers_0_mlp_fc1.lora_up.weight',
    ],
    [
      'diffusers, text encoder',
      'text_encoder',
      'encoder_layers_0_self_attn_q_proj',
      'text_encoder.text_model.encoder.layers.0.self_attn.q_proj.lora_linear_layer.down.weight',
      'text_encoder.text_model.encoder.layers.0.self_attn.q_proj.lora_linear_layer.up.weight',
    ],
  ])('of %s’s spelling names the layer', (_whose, part, path, down, up) => {
    expect(read(pair(down, up))).toMatchObject([{ part, path, scale: 1 }])
  })

  test('scales by alpha over rank, from a tensor or from PEFT’s metadata', () => {
    const layer = pair('lora_unet_conv_in.lora_down.weight', 'lora_unet_conv_in.lora_up.weight')
    expect(read({ ...layer, 'lora_unet_conv_in.alpha': { shape: [], data: [1] } })[0]?.scale).toBe(0.5)
    const peft = pair('unet.conv_in.lora_A.weight', 'unet.conv_in.lora_B.weight')
    const scale = (config: object) => read(peft, { lora_adapter_metadata: JSON.stringify(config) })[0]?.scale
    expect(scale({ 'unet.lora_alpha': 8 })).toBe(4)
    expect(scale({ 'unet.lora_alpha': 8, 'unet.alpha_pattern': { conv_in: 4 } })).toBe(2)
    expect(scale({ 'unet.lora_alpha': 8, 'unet.use_rslora': true })).toBeCloseTo(8 / Math.sqrt(2))
  })

  test.each([
    ['LoHa', { 'lora_unet_conv_in.hada_w1_a': zeros(2, 2) }, 'holds LoHa'],
    ['LoKr', { 'lora_unet_conv_in.lokr_w1': zeros(2, 2) }, 'holds LoKr'],
    ['DoRA', { 'lora_unet_conv_in.dora_scale': zeros(2, 2) }, 'holds DoRA'],
    ['Flux', pair('transformer.a.lora_A.weight', 'transformer.a.lora_B.weight'), 'weights of a transformer'],
    ['other weights', { 'unet.conv_in.weight': zeros(2, 2) }, 'no part of a LoRA'],
    ['one half', { 'lora_unet_conv_in.lora_down.weight': zeros(2, 8) }, 'no other half (lora_up)'],
    ['the other half', { 'lora_unet_conv_in.lora_up.weight': zeros(8, 2) }, 'no other half (lora_down)'],
    [
      'halves of two ranks',
      { 'lora_unet_conv_in.lora_down.weight': zeros(2, 8), 'lora_unet_conv_in.lora_up.weight': zeros(6, 3) },
      'they are [2, 8] and [6, 3]',
    ],
    [
      'rank 0',
      { 'lora_unet_conv_in.lora_down.weight': zeros(0, 8), 'lora_unet_conv_in.lora_up.weight': zeros(6, 0) },
      'they are [0, 8] and [6, 0]',
    ],
    [
      'a scale that is no number',
      {
        ...pair('lora_unet_conv_in.lora_down.weight', 'lora_unet_conv_in.lora_up.weight'),
        'lora_unet_conv_in.alpha': { shape: [], data: [Number.NaN] },
      },
      'alpha is NaN',
    ],
    ['nothing', {}, 'holds no LoRA layer'],
  ])('that holds %s is refused by name', (_what, tensors, rule) => {
    expect(() => read(tensors)).toThrow(RangeError)
    expect(() => read(tensors)).toThrow(rule)
  })
})

describe('the original code’s names', () => {
  // diffusers' convert_ldm_unet_checkpoint, SDXL: two residual blocks a resolution.
  test.each([
    ['input_blocks_0_0', 'conv_in'],
    ['input_blocks_2_0_in_layers_2', 'down_blocks_0_resnets_1_conv1'],
    ['input_blocks_3_0_op', 'down_blocks_0_downsamplers_0_conv'],
    ['input_blocks_4_1_transformer_blocks_0_attn1_to_q', 'down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q'],
    ['input_blocks_8_1_proj_in', 'down_blocks_2_attentions_1_proj_in'],
    ['middle_block_1_proj_out', 'mid_block_attentions_0_proj_out'],
    ['middle_block_2_out_layers_3', 'mid_block_resnets_1_conv2'],
    ['output_blocks_2_2_conv', 'up_blocks_0_upsamplers_0_conv'],
    ['output_blocks_5_0_skip_connection', 'up_blocks_1_resnets_2_conv_shortcut'],
    ['output_blocks_3_1_proj_in', 'up_blocks_1_attentions_0_proj_in'],
    ['out_2', 'conv_out'],
    ['down_blocks_1_attentions_0_proj_in', 'down_blocks_1_attentions_0_proj_in'],
  ])('%s is %s', (original, ours) => {
    expect(fromLdmName(original, 2)).toBe(ours)
  })
})

describe('a textual-inversion file', () => {
  const embedding = (tensors: Record<string, TensorValues>) => readEmbedding(safetensors(tensors), 'it')

  test('has one tensor named by its token, emb_params, or one for each of SDXL’s encoders', () => {
    expect(embedding({ '<cat>': zeros(16) }).parts.text_encoder).toMatchObject({ count: 1, width: 16 })
    expect(embedding({ emb_params: zeros(3, 16) }).parts.text_encoder).toMatchObject({ count: 3, width: 16 })
    const xl = embedding({ clip_l: zeros(2, 8), clip_g: zeros(2, 12) })
    expect(xl.parts).toMatchObject({ text_encoder: { width: 8 }, text_encoder_2: { width: 12 } })
  })

  test.each([
    ['several tensors', { a: zeros(4), b: zeros(4) }, 'this file has a, b'],
    ['three dimensions', { a: zeros(1, 2, 4) }, 'not [1, 2, 4]'],
    ['no vector', { a: zeros(0, 4) }, 'not [0, 4]'],
    ['more vectors than a window holds', { a: zeros(65, 4) }, 'not [65, 4]'],
    ['different counts', { clip_l: zeros(1, 8), clip_g: zeros(2, 8) }, 'not 1 and 2'],
  ])('with %s is refused', (_what, tensors, rule) => {
    expect(() => embedding(tensors)).toThrow(rule)
  })
})
