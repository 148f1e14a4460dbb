// InvokeAI: `invokeai_metadata` (3 to 6), `sd-metadata` (2.x), `Dream` (the command line before that). Its prompts are compel's.

import { fromCompel } from '../foreign-prompt.ts'
import type { ForeignRecipe, Ignored, PromptTranslation } from '../foreign-recipe.ts'
import { ignored, REASONS } from '../foreign-recipe.ts'
import {
  asNumber,
  asRecord,
  type JsonRecord,
  listField,
  numberField,
  parseForeignRecord,
  recordField,
  textField,
} from '../json.ts'
import type { Texts } from './texts.ts'

export function readInvokeAi(texts: Texts): ForeignRecipe | undefined {
  const current = texts.get('invokeai_metadata')
  const currentRecord = current === undefined ? undefined : parseForeignRecord(current)
  if (currentRecord !== undefined) return readCurrent(currentRecord)
  const second = texts.get('sd-metadata', 'Sd-metadata')
  const secondRecord = second === undefined ? undefined : parseForeignRecord(second)
  if (secondRecord !== undefined) return readSecond(secondRecord)
  const dream = texts.get('Dream', 'dream')
  return dream === undefined ? undefined : readDream(dream)
}

function readCurrent(metadata: JsonRecord): ForeignRecipe {
  const model = recordField(metadata, 'model')
  const mode = textField(metadata, 'generation_mode') ?? ''
  return {
    ...translated(textField(metadata, 'positive_prompt'), textField(metadata, 'negative_prompt')),
    dialect: 'invokeai',
    software: version(metadata),
    seed: numberField(metadata, 'seed'),
    steps: numberField(metadata, 'steps'),
    sampler: textField(metadata, 'scheduler'),
    guidanceScale: numberField(metadata, 'cfg_scale', 'guidance'),
    width: numberField(metadata, 'width'),
    height: numberField(metadata, 'height'),
    strength: mode.includes('img2img') ? numberField(metadata, 'strength', 'denoising_strength') : undefined,
    noise: textField(metadata, 'rand_device') === 'cpu' ? 'mt19937' : undefined,
    tiling: tilingOf(metadata.seamless_x === true, metadata.seamless_y === true),
    guidanceRescale: unlessZero(numberField(metadata, 'cfg_rescale_multiplier')),
    // Its hashes are BLAKE3, so only names can be compared.
    model: model === undefined ? undefined : { name: textField(model, 'name', 'model_name') },
    ignored: ignoredFields(metadata),
    problems: [],
  }
}

const IGNORED_FIELDS: readonly (readonly [key: string, name: string, reason: string])[] = [
  ['loras', 'LoRA', REASONS.network],
  ['controlnets', 'ControlNet', REASONS.control],
  ['ipAdapters', 'IP adapter', REASONS.control],
  ['t2iAdapters', 'T2I adapter', REASONS.control],
  ['ref_images', 'Reference images', REASONS.control],
  ['refiner_model', 'Refiner', REASONS.refiner],
  ['vae', 'VAE', REASONS.vae],
  ['hrf_enabled', 'High resolution fix', REASONS.secondPass],
  ['clip_skip', 'Clip skip', REASONS.clipSkip],
  ['positive_style_prompt', 'Style prompt', REASONS.styles],
  ['negative_style_prompt', 'Negative style prompt', REASONS.styles],
]

function ignoredFields(metadata: JsonRecord): Ignored[] {
  const fields = IGNORED_FIELDS.flatMap(([key, name, reason]) => {
    const value = metadata[key]
    return isUnset(value) ? [] : [ignored(name, value, reason)]
  })
  return fields
}

/** Zero is off. */
function unlessZero(value: number | undefined): number | undefined {
  return value === 0 ? undefined : value
}

function isUnset(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    value === false ||
    value === 0 ||
    value === '' ||
    (Array.isArray(value) && value.length === 0)
  )
}

function tilingOf(across: boolean, down: boolean): ForeignRecipe['tiling'] {
  if (across) return down ? 'xy' : 'x'
  return down ? 'y' : undefined
}

/** 2.x: `image` holds the settings, its prompt ends with the negative one in brackets. */
function readSecond(metadata: JsonRecord): ForeignRecipe {
  const image = recordField(metadata, 'image')
  const weighted = asRecord(listField(image, 'prompt')[0])
  const { positive, negative } = splitNegative(textField(weighted, 'prompt') ?? textField(image, 'prompt') ?? '')
  return {
    ...translated(positive, negative),
    dialect: 'invokeai',
    software: version(metadata),
    seed: numberField(image, 'seed'),
    steps: numberField(image, 'steps'),
    sampler: textField(image, 'sampler'),
    guidanceScale: numberField(image, 'cfg_scale'),
    width: numberField(image, 'width'),
    height: numberField(image, 'height'),
    strength: textField(image, 'type') === 'img2img' ? numberField(image, 'strength') : undefined,
    tiling: isUnset(image?.seamless) ? undefined : 'xy',
    model: { name: textField(metadata, 'model_weights'), hash: textField(metadata, 'model_hash') },
    ignored: [
      ...(isUnset(image?.postprocessing) ? [] : [ignored('Postprocessing', image?.postprocessing, REASONS.detailer)]),
      ...(isUnset(image?.variations) ? [] : [ignored('Variations', image?.variations, REASONS.variation)]),
      ...(isUnset(image?.hires_fix) ? [] : [ignored('Hires fix', 'on', REASONS.secondPass)]),
    ],
    problems: [],
  }
}

/** `"prompt [negative]" -s 50 -S 2980747362 -W 512 -H 768 -C 5.0 -A k_lms` */
function readDream(command: string): ForeignRecipe | undefined {
  const quoted = command.startsWith('"') ? command.lastIndexOf('"') : -1
  if (quoted < 1) return undefined
  const { positive, negative } = splitNegative(command.slice(1, quoted))
  const options = new Map<string, string>()
  const words = command
    .slice(quoted + 1)
    .trim()
    .split(/\s+/)
    .slice(0, 200)
  for (let at = 0; at + 1 < words.length; at++) {
    const [, name, joined] = /^--?([A-Za-z_]+)(.*)$/.exec(words[at] ?? '') ?? []
    if (name !== undefined && !options.has(name))
      options.set(name, joined !== '' && joined !== undefined ? joined : (words[at + 1] ?? ''))
  }
  return {
    ...translated(positive, negative),
    dialect: 'invokeai',
    seed: asNumber(options.get('S')),
    steps: asNumber(options.get('s')),
    sampler: options.get('A'),
    guidanceScale: asNumber(options.get('C')),
    width: asNumber(options.get('W')),
    height: asNumber(options.get('H')),
    strength: asNumber(options.get('f')),
    ignored: [...options]
      .filter(([name]) => !['S', 's', 'A', 'C', 'W', 'H', 'f'].includes(name))
      .map(([name, value]) => ignored(`-${name}`, value, REASONS.unknown)),
    problems: [],
  }
}

function splitNegative(prompt: string): { positive: string; negative: string } {
  const open = prompt.lastIndexOf('[')
  const close = prompt.lastIndexOf(']')
  if (open === -1 || close < open) return { positive: prompt.trim(), negative: '' }
  return {
    positive: (prompt.slice(0, open) + prompt.slice(close + 1)).trim(),
    negative: prompt.slice(open + 1, close).trim(),
  }
}

type Prompts = Pick<ForeignRecipe, 'prompt' | 'negativePrompt' | 'weighting' | 'translations'>

function translated(positive: string | undefined, negative: string | undefined): Prompts {
  const prompt = positive === undefined ? undefined : fromCompel(positive)
  const negativePrompt = negative === undefined ? undefined : fromCompel(negative)
  const reason = "InvokeAI's way of writing weights, rewritten"
  const translations: PromptTranslation[] = []
  if (prompt?.changed) translations.push({ field: 'prompt', from: positive ?? '', reason })
  if (negativePrompt?.changed) translations.push({ field: 'negativePrompt', from: negative ?? '', reason })
  return {
    prompt: prompt?.text,
    negativePrompt: negativePrompt?.text,
    weighting: translations.length > 0 ? 'compel' : undefined,
    translations,
  }
}

function version(metadata: JsonRecord): string | undefined {
  const number = textField(metadata, 'app_version')
  return number === undefined ? undefined : `InvokeAI ${number}`
}
