// A1111's infotext, as its web UI, Forge, SD.Next, Civitai, Fooocus's a1111 scheme and many savers for ComfyUI write it: what its keys
// mean here. The grammar is infotext.ts.
import { INFOTEXT_KEYS } from '#contracts/settings.ts'
import type { ForeignRecipe, Ignored } from '../foreign-recipe.ts'
import { ignored, REASONS } from '../foreign-recipe.ts'
import { asNumber, asRecord, parseForeignJson, textField } from '../json.ts'
import { type Infotext, parseInfotext } from './infotext.ts'
import type { Texts } from './texts.ts'

/** Settings grouped as one line of the report: key pattern, its name there, why it is not used. */
const GROUPS: readonly (readonly [pattern: RegExp, name: string, reason: string])[] = [
  [/^Hires\b|^Denoising strength hr$|^First pass size$/, 'Hires. fix', REASONS.secondPass],
  [/^ADetailer\b/, 'ADetailer', REASONS.detailer],
  [/^ControlNet\b/, 'ControlNet', REASONS.control],
  [/^(Lora|LoRA) hashes$|^Lora weights$|^AddNet\b|^Hypernet/, 'Added networks', REASONS.network],
  [/^TI( hashes)?$|^Textual inversion/, 'Embeddings', REASONS.network],
  [/^Refiner\b/, 'Refiner', REASONS.refiner],
  [/^VAE\b/, 'VAE', REASONS.vae],
  [/^Seed resize/, 'Seed resize', REASONS.variation],
  [/^(Negative )?Template$|^Wildcard|^Dynamic/i, 'Template', 'The prompt already holds what was drawn from it'],
  [/^Style|^Performance$|^Raw (negative )?prompt$/, 'Styles', REASONS.styles],
]
/** Facts about the picture, not settings of it. */
const SILENT = new Set(['Version', 'App', 'User', 'Created Date', 'Civitai metadata', 'Hashes', 'Civitai resources'])
const USED = new Set([
  'Variation seed',
  'Variation seed strength',
  'Tiling',
  'Eta DDIM',
  ...INFOTEXT_KEYS.map(([, key]) => key),
  'Noise Schedule',
  'Emphasis',
  'Steps',
  'Sampler',
  'Schedule type',
  'Scheduler',
  'CFG scale',
  'CFG Scale',
  'Seed',
  'Size',
  'Model',
  'Model hash',
])

export function readA1111(texts: Texts): ForeignRecipe | undefined {
  for (const text of texts.candidates) {
    if (text.trimStart().startsWith('{')) continue
    const infotext = parseInfotext(text)
    if (infotext !== undefined) return fromInfotext(infotext)
  }
  return undefined
}

export function fromInfotext({ prompt, negativePrompt, settings }: Infotext): ForeignRecipe {
  const size = /^(\d{1,6})x(\d{1,6})$/.exec(settings.get('Size') ?? '')
  const hasSecondPass = settings.has('Hires upscale') || settings.has('Hires resize') || settings.has('First pass size')
  const strength = hasSecondPass ? undefined : asNumber(settings.get('Denoising strength'))
  const resources = civitaiResources(settings.get('Civitai resources'))
  const name = settings.get('Model') ?? resources.model
  const hash = settings.get('Model hash') ?? modelHash(settings.get('Hashes'))
  return {
    dialect: 'a1111',
    software: settings.get('Version') ?? settings.get('App'),
    prompt,
    negativePrompt,
    seed: asNumber(settings.get('Seed')),
    steps: asNumber(settings.get('Steps')),
    sampler: settings.get('Sampler'),
    schedule: settings.get('Schedule type') ?? settings.get('Scheduler'),
    guidanceScale: asNumber(settings.get('CFG scale') ?? settings.get('CFG Scale')),
    width: asNumber(size?.[1]),
    height: asNumber(size?.[2]),
    strength,
    // Absent means the graphics card's numbers, which NV draws as well.
    noise: settings.get('RNG') === 'CPU' ? 'mt19937' : 'philox',
    variation: variationOf(settings),
    tiling: settings.get('Tiling') === 'True' ? 'xy' : undefined,
    ...numbersOf(settings),
    zeroTerminalSnr: settings.get('Noise Schedule') === 'Zero Terminal SNR' ? true : undefined,
    weighting: settings.get('Emphasis') === 'None' ? 'none' : undefined,
    model: name === undefined && hash === undefined ? undefined : { name, hash },
    ignored: [...ignoredSettings(settings, hasSecondPass), ...resources.ignored],
    problems: [],
  }
}

function variationOf(settings: ReadonlyMap<string, string>): ForeignRecipe['variation'] {
  const seed = asNumber(settings.get('Variation seed'))
  const strength = asNumber(settings.get('Variation seed strength'))
  return seed === undefined || strength === undefined || strength === 0 ? undefined : { seed, strength }
}

function numbersOf(settings: ReadonlyMap<string, string>): Partial<ForeignRecipe> {
  const numbers: Partial<ForeignRecipe> = Object.fromEntries(
    INFOTEXT_KEYS.map(([name, key]) => [name, asNumber(settings.get(key))]),
  )
  const isDdim = /DDIM/i.test(settings.get('Sampler') ?? '')
  return {
    ...numbers,
    eta: isDdim ? asNumber(settings.get('Eta DDIM')) : numbers.eta,
    // 0 is "the schedule's own" there.
    rho: numbers.rho === 0 ? undefined : numbers.rho,
  }
}

function ignoredSettings(settings: ReadonlyMap<string, string>, hasSecondPass: boolean): Ignored[] {
  const groups = new Map<string, { values: string[]; reason: string }>()
  const single: Ignored[] = []
  for (const [key, value] of settings) {
    if (USED.has(key) || SILENT.has(key)) continue
    const group = GROUPS.find(([pattern]) => pattern.test(key))
    if (group !== undefined) {
      const [, name, reason] = group
      const known = groups.get(name)
      if (known === undefined) groups.set(name, { values: [`${key}: ${value}`], reason })
      else known.values.push(`${key}: ${value}`)
      continue
    }
    const reason = reasonFor(key, value, hasSecondPass)
    if (reason !== undefined) single.push(ignored(key, value, reason))
  }
  return [...[...groups].map(([name, { values, reason }]) => ignored(name, values.join(', '), reason)), ...single]
}

/** undefined: the value says what Dewpoint does anyway, or is used. */
function reasonFor(key: string, value: string, hasSecondPass: boolean): string | undefined {
  switch (key) {
    case 'Clip skip':
      return value === '1' ? undefined : REASONS.clipSkip
    case 'RNG':
      return value === 'GPU' || value === 'NV' || value === 'CPU' ? undefined : REASONS.unknown
    case 'Denoising strength':
      return hasSecondPass ? REASONS.secondPass : undefined
    case 'Sigma tmin':
    case 'Sigma tmax':
      return 'Churn acts at every noise level here'
    case 'Schedule min sigma':
    case 'Schedule max sigma':
      return "Schedules run between the model's own noise levels here"
    case 'ENSD':
      return 'Noise added between steps comes from the same seed here'
    default:
      return REASONS.unknown
  }
}

/** `{"model": "c0d1994c73", "vae": …}` */
function modelHash(hashes: string | undefined): string | undefined {
  if (hashes === undefined) return undefined
  try {
    return textField(asRecord(parseForeignJson(hashes)), 'model')
  } catch {
    return undefined
  }
}

/** Civitai's list of what went in: the checkpoint names the model, the rest is not loaded. */
function civitaiResources(list: string | undefined): { model: string | undefined; ignored: Ignored[] } {
  if (list === undefined) return { model: undefined, ignored: [] }
  let resources: unknown
  try {
    resources = parseForeignJson(list)
  } catch {
    return { model: undefined, ignored: [ignored('Civitai resources', list, 'The list is damaged')] }
  }
  let model: string | undefined
  const others: string[] = []
  for (const resource of Array.isArray(resources) ? resources : []) {
    const record = asRecord(resource)
    const name = [textField(record, 'modelName'), textField(record, 'modelVersionName', 'versionName')]
      .filter(Boolean)
      .join(' ')
    const type = textField(record, 'type') ?? ''
    if (type === 'checkpoint') model ??= name
    else if (name !== '') others.push(type === '' ? name : `${type} ${name}`)
  }
  return {
    model,
    ignored: others.length === 0 ? [] : [ignored('Civitai resources', others.join(', '), REASONS.network)],
  }
}
