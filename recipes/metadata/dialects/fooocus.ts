// Fooocus's own scheme (JSON in `parameters`, EXIF UserComment or the log's labels), and Fooocus-MRE's older `Comment`.
import type { ForeignRecipe, Ignored } from '../foreign-recipe.ts'
import { ignored, REASONS } from '../foreign-recipe.ts'
import { type JsonRecord, listField, numberField, parseForeignRecord, textField } from '../json.ts'
import type { Texts } from './texts.ts'

export function readFooocus(texts: Texts): ForeignRecipe | undefined {
  for (const text of [...texts.candidates, texts.get('Comment') ?? '']) {
    if (!text.includes('base_model') && !text.includes('Base Model') && !text.includes('Fooocus')) continue
    const record = parseForeignRecord(text)
    if (record === undefined || textField(record, 'software') === 'RuinedFooocus') continue
    if (textField(record, 'base_model', 'Base Model', 'version', 'Version') !== undefined) return fromRecord(record)
  }
  return undefined
}

/** Labels of the log and keys of the metadata, for the same things. */
function fromRecord(record: JsonRecord): ForeignRecipe {
  const [width, height] = resolution(textField(record, 'resolution', 'Resolution'))
  return {
    dialect: 'fooocus',
    software: textField(record, 'version', 'Version'),
    prompt: textField(record, 'prompt', 'Prompt'),
    negativePrompt: textField(record, 'negative_prompt', 'Negative Prompt'),
    seed: numberField(record, 'seed', 'Seed'),
    steps: numberField(record, 'steps', 'Steps'),
    sampler: textField(record, 'sampler', 'Sampler'),
    schedule: textField(record, 'scheduler', 'Scheduler'),
    guidanceScale: numberField(record, 'guidance_scale', 'Guidance Scale', 'cfg'),
    width: width ?? numberField(record, 'width'),
    height: height ?? numberField(record, 'height'),
    noise: 'mt19937',
    model: { name: textField(record, 'base_model', 'Base Model'), hash: textField(record, 'base_model_hash') },
    ignored: ignoredFields(record),
    problems: [],
  }
}

/** `(768, 1280)` */
function resolution(text: string | undefined): [number?, number?] {
  const match = /^\s*\(?\s*(\d{1,6})\D{1,3}(\d{1,6})/.exec(text ?? '')
  return match === null ? [] : [Number(match[1]), Number(match[2])]
}

const IGNORED_FIELDS: readonly (readonly [keys: readonly [string, string], name: string, reason: string])[] = [
  [['styles', 'Styles'], 'Styles', REASONS.styles],
  [['prompt_expansion', 'Fooocus V2 Expansion'], 'Prompt expansion', REASONS.styles],
  [['refiner_model', 'Refiner Model'], 'Refiner', REASONS.refiner],
  [['sharpness', 'Sharpness'], 'Sharpness', REASONS.unknown],
  [['adm_guidance', 'ADM Guidance'], 'ADM guidance', REASONS.unknown],
  [['adaptive_cfg', 'CFG Mimicking from TSNR'], 'Adaptive CFG', REASONS.unknown],
  [['freeu', 'FreeU'], 'FreeU', REASONS.unknown],
  [['vae', 'VAE'], 'VAE', REASONS.vae],
  [['clip_skip', 'CLIP Skip'], 'Clip skip', REASONS.clipSkip],
]

function ignoredFields(record: JsonRecord): Ignored[] {
  const fields = IGNORED_FIELDS.flatMap(([keys, name, reason]) => {
    const value = textField(record, ...keys)
    return value === undefined || ['', '[]', 'None', 'Default (model)', '1'].includes(value)
      ? []
      : [ignored(name, value, reason)]
  })
  const combined = [1, 2, 3, 4, 5, 6, 7, 8].flatMap((n) => textField(record, `lora_combined_${n}`, `LoRA ${n}`) ?? [])
  const loras = [
    ...listField(record, 'loras').map((lora) => (Array.isArray(lora) ? lora.slice(0, 2).join(' ') : String(lora))),
    ...combined,
  ]
  return loras.length === 0 ? fields : [...fields, ignored('LoRA', loras.join(', '), REASONS.network)]
}
