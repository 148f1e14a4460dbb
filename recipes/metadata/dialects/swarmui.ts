// SwarmUI: JSON under `sui_image_params` (mcmonkeyprojects/SwarmUI, docs/Image Metadata Format.md). Numbers may be text there.
import type { ForeignRecipe } from '../foreign-recipe.ts'
import { ignored, REASONS } from '../foreign-recipe.ts'
import { type JsonRecord, numberField, parseForeignRecord, recordField, textField } from '../json.ts'
import type { Texts } from './texts.ts'

const USED = new Set([
  'prompt',
  'negativeprompt',
  'model',
  'seed',
  'steps',
  'cfgscale',
  'width',
  'height',
  'sampler',
  'scheduler',
  'initimagecreativity',
  'swarm_version',
  'aspectratio',
  'sidelength',
  'images',
  'automaticvae',
  'nopreviews',
  'imageformat',
  'date',
  'generation_time',
  'wildcardseed',
  'original_prompt',
  'used_wildcards',
  'donotsave',
  'personalnote',
])

export function readSwarmUi(texts: Texts): ForeignRecipe | undefined {
  for (const text of [...texts.candidates, texts.get('exif:Model') ?? '']) {
    if (!text.includes('sui_image_params')) continue
    const params = recordField(parseForeignRecord(text), 'sui_image_params')
    if (params !== undefined) return fromParams(params)
  }
  return undefined
}

function fromParams(params: JsonRecord): ForeignRecipe {
  const version = textField(params, 'swarm_version')
  return {
    dialect: 'swarmui',
    software: version === undefined ? 'SwarmUI' : `SwarmUI ${version}`,
    prompt: textField(params, 'prompt'),
    negativePrompt: textField(params, 'negativeprompt'),
    seed: numberField(params, 'seed'),
    steps: numberField(params, 'steps'),
    sampler: textField(params, 'sampler'),
    schedule: textField(params, 'scheduler'),
    guidanceScale: numberField(params, 'cfgscale'),
    width: numberField(params, 'width'),
    height: numberField(params, 'height'),
    strength: params.initimage === undefined ? undefined : numberField(params, 'initimagecreativity'),
    // Its backend is ComfyUI, whose noise and weights these are.
    noise: 'mt19937',
    weighting: /\(/.test(`${textField(params, 'prompt')}${textField(params, 'negativeprompt')}`) ? 'compel' : undefined,
    model: { name: textField(params, 'model') },
    ignored: Object.entries(params)
      .filter(([key]) => !USED.has(key))
      .slice(0, 50)
      .map(([key, value]) => ignored(key, value, reasonFor(key))),
    problems: [],
  }
}

function reasonFor(key: string): string {
  if (key.startsWith('lora')) return REASONS.network
  if (key.startsWith('controlnet') || key.startsWith('useipadapter')) return REASONS.control
  if (key.startsWith('refiner')) return REASONS.refiner
  if (key === 'vae') return REASONS.vae
  if (key.startsWith('variationseed')) return REASONS.variation
  if (key === 'clipstopatlayer') return REASONS.clipSkip
  return REASONS.unknown
}
