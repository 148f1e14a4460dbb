// Easy Diffusion: every setting a PNG text of its own, or one JSON in EXIF; by its keys or by the labels of its text files
// (easydiffusion/easydiffusion, ui/easydiffusion/utils/save_utils.py).
import type { ForeignRecipe, Ignored } from '../foreign-recipe.ts'
import { ignored, REASONS } from '../foreign-recipe.ts'
import { asNumber, parseForeignRecord, textField } from '../json.ts'
import type { Texts } from './texts.ts'

type Lookup = (key: string, label: string) => string | undefined

export function readEasyDiffusion(texts: Texts): ForeignRecipe | undefined {
  if (texts.get('use_stable_diffusion_model', 'Stable Diffusion model') !== undefined) {
    return fromFields((key, label) => texts.get(key, label))
  }
  for (const text of texts.candidates) {
    if (!text.includes('use_stable_diffusion_model') && !text.includes('Stable Diffusion model')) continue
    const record = parseForeignRecord(text)
    if (textField(record, 'use_stable_diffusion_model', 'Stable Diffusion model') !== undefined) {
      return fromFields((key, label) => textField(record, key, label))
    }
  }
  return undefined
}

const IGNORED_FIELDS: readonly (readonly [key: string, label: string, reason: string])[] = [
  ['use_vae_model', 'VAE model', REASONS.vae],
  ['use_lora_model', 'LoRA model', REASONS.network],
  ['use_hypernetwork_model', 'Hypernetwork model', REASONS.network],
  ['use_embeddings_model', 'Embedding models', REASONS.network],
  ['use_controlnet_model', 'ControlNet model', REASONS.control],
  ['use_face_correction', 'Use Face Correction', REASONS.detailer],
  ['use_upscale', 'Use Upscaling', REASONS.secondPass],
  ['clip_skip', 'Clip Skip', REASONS.clipSkip],
]

const TILINGS: ReadonlyMap<string, ForeignRecipe['tiling']> = new Map([
  ['x', 'x'],
  ['y', 'y'],
  ['xy', 'xy'],
])

function fromFields(get: Lookup): ForeignRecipe {
  const dropped: Ignored[] = IGNORED_FIELDS.flatMap(([key, label, reason]) => {
    const value = get(key, label)
    return value === undefined || ['', 'None', 'null', 'none', 'False', 'false', '[]'].includes(value)
      ? []
      : [ignored(label, value, reason)]
  })
  return {
    dialect: 'easydiffusion',
    software: 'Easy Diffusion',
    prompt: get('prompt', 'Prompt'),
    negativePrompt: get('negative_prompt', 'Negative Prompt'),
    seed: asNumber(get('seed', 'Seed')),
    steps: asNumber(get('num_inference_steps', 'Steps')),
    sampler: get('sampler_name', 'Sampler') ?? get('sampler', 'Sampler'),
    guidanceScale: asNumber(get('guidance_scale', 'Guidance Scale')),
    width: asNumber(get('width', 'Width')),
    height: asNumber(get('height', 'Height')),
    strength: asNumber(get('prompt_strength', 'Prompt Strength')),
    tiling: TILINGS.get(get('tiling', 'Seamless Tiling') ?? ''),
    model: { name: get('use_stable_diffusion_model', 'Stable Diffusion model') },
    ignored: dropped,
    problems: [],
  }
}
