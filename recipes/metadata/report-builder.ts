// A found recipe → the report: each value held against Dewpoint's limits and names, and every difference said.
import {
  GUIDANCE_SCALE_MAX,
  GUIDANCE_SCALE_MIN,
  PROMPT_LENGTH_MAX,
  SEED_MAX,
  SIZE_MAX_PX,
  SIZE_MIN_PX,
  SIZE_MULTIPLE_PX,
  STEPS_MAX,
  STEPS_MIN,
} from '#contracts/limits.ts'
import { promptSchema, type Recipe } from '#contracts/recipe.ts'
import { SAMPLERS, SCHEDULES } from '#contracts/samplers.ts'
import { findA1111Sampler, findSampler, type ResolvedSampler } from '../sampler-names.ts'
import type { Dialect, ForeignRecipe, Ignored } from './foreign-recipe.ts'
import { type KnownModel, matchModel } from './match-model.ts'
import {
  OPTIONAL_FIELDS,
  type ReadRecipeOptions,
  type RecipeField,
  type RecipeFields,
  type RecipeReport,
  type ResolveSampler,
  type Restored,
  type Translated,
} from './recipe-report.ts'
import { shownValue } from './shown-value.ts'

/** Settings a simple form has not, with what that means for the picture. */
const NOT_OFFERED: Partial<Record<RecipeField, { readonly name: string; readonly reason: string }>> = {
  weighting: { name: 'Weights', reason: "They act as A1111's do here" },
  noise: { name: 'Noise', reason: 'Its noise was drawn on the CPU, so the same seed starts another picture here' },
  variation: { name: 'Variation', reason: 'Noise of a second seed was mixed in' },
  tiling: { name: 'Tiling', reason: 'Its edges meet without a seam' },
  eta: { name: 'Eta', reason: "The sampler's own amount of fresh noise is used" },
  sdeNoise: { name: 'Noise along the way', reason: 'It came from torchsde, so the picture ends up different here' },
  sChurn: { name: 'Churn', reason: 'No noise is churned in here' },
  sNoise: { name: 'Noise scale', reason: 'Fresh noise keeps its size here' },
  rho: { name: 'Schedule bend', reason: "The schedule's own bend is used" },
  zeroTerminalSnr: { name: 'Zero terminal SNR', reason: "It starts at the model's own noise level" },
  guidanceRescale: { name: 'Guidance rescale', reason: 'Guidance is not pulled back here' },
}

/** Ranges of the optional numbers, as contracts/recipe.ts has them. */
const OPTIONAL_RANGES = {
  eta: [0, 1],
  sChurn: [0, 100],
  sNoise: [0, 2],
  rho: [0.1, 30],
  guidanceRescale: [0, 1],
} as const

/** Programs that run k-diffusion's SDE samplers, whose noise is torchsde's. */
const ON_K_DIFFUSION: ReadonlySet<Dialect> = new Set<Dialect>([
  'a1111',
  'comfyui',
  'swarmui',
  'fooocus',
  'ruinedfooocus',
])

export class ReportBuilder {
  readonly #fields: RecipeFields = {}
  readonly #restored: Restored[] = []
  readonly #translated: Translated[] = []
  readonly #ignored: Ignored[] = []
  readonly #formFields: ReadonlySet<RecipeField>

  constructor(formFields: readonly RecipeField[]) {
    this.#formFields = new Set(formFields)
  }

  get parts() {
    return { fields: this.#fields, restored: this.#restored, translated: this.#translated, ignored: this.#ignored }
  }

  addOwn(recipe: Recipe, knownModels: readonly KnownModel[]): RecipeReport['missingModel'] {
    const { model, prompt, negativePrompt, seed, steps, sampler, schedule, guidanceScale, width, height } = recipe
    this.#restore({ prompt, negativePrompt, seed, steps, sampler, schedule, guidanceScale, width, height })
    if (recipe.weighting !== undefined) this.#restore({ weighting: recipe.weighting })
    for (const field of OPTIONAL_FIELDS) {
      // Philox is what a form without the choice draws.
      if (recipe[field] === undefined || recipe[field] === 'philox') continue
      this.#restore({ [field]: recipe[field] })
    }
    for (const field of ['mask', 'hires'] as const) {
      if (recipe[field] !== undefined)
        this.#ignore(
          field,
          JSON.stringify(recipe[field]),
          'It is kept for reproducing the picture; the form cannot set it',
        )
    }
    if (recipe.input !== undefined) {
      this.#restore({ strength: recipe.input.strength })
      this.#ignore('Input picture', recipe.input.hash, 'The file does not hold the picture it started from')
    }
    const known =
      knownModels.find(({ id, hash }) => id === model.id && hash === model.hash) ??
      matchModel({ hash: model.hash }, knownModels)
    if (known === undefined) return { name: model.id, hash: model.hash }
    this.#restore({ modelId: known.id })
    return null
  }

  addForeign(
    foreign: ForeignRecipe,
    { knownModels, samplers = resolveByDialect }: ReadRecipeOptions,
  ): RecipeReport['missingModel'] {
    this.#prompt('prompt', foreign)
    this.#prompt('negativePrompt', foreign)
    if (foreign.weighting !== undefined) this.#restore({ weighting: foreign.weighting })
    this.#seed(foreign.seed)
    this.#number('steps', foreign.steps, STEPS_MIN, STEPS_MAX, 1)
    this.#number('guidanceScale', foreign.guidanceScale, GUIDANCE_SCALE_MIN, GUIDANCE_SCALE_MAX)
    this.#number('width', foreign.width, SIZE_MIN_PX, SIZE_MAX_PX, SIZE_MULTIPLE_PX)
    this.#number('height', foreign.height, SIZE_MIN_PX, SIZE_MAX_PX, SIZE_MULTIPLE_PX)
    this.#sampler(foreign, samplers)
    this.#strength(foreign.strength)
    this.#noise(foreign)
    for (const { name, value, reason } of foreign.ignored) this.#ignore(name, value, reason)
    return this.#model(foreign.model, knownModels)
  }

  #restore(fields: RecipeFields): void {
    for (const [field, value] of Object.entries(fields)) {
      if (!this.#formFields.has(field as RecipeField)) {
        const { name, reason } = NOT_OFFERED[field as RecipeField] ?? { name: field, reason: 'It cannot be set here' }
        this.#ignore(name, shownValue(field as RecipeField, value), reason)
        continue
      }
      Object.assign(this.#fields, { [field]: value })
      this.#restored.push({ field: field as RecipeField, value: shownValue(field as RecipeField, value) })
    }
  }

  #translate(fields: RecipeFields, from: string, reason: string): void {
    Object.assign(this.#fields, fields)
    for (const [field, value] of Object.entries(fields)) {
      this.#translated.push({ field: field as RecipeField, from, to: shownValue(field as RecipeField, value), reason })
    }
  }

  #ignore(name: string, value: string, reason: string): void {
    this.#ignored.push({ name, value, reason })
  }

  #prompt(field: 'prompt' | 'negativePrompt', foreign: ForeignRecipe): void {
    const written = foreign[field]
    if (written === undefined) return
    const text = clean(written)
    const parsed = promptSchema.safeParse(text)
    if (!parsed.success) {
      const why =
        text.length > PROMPT_LENGTH_MAX
          ? `It has ${text.length} characters; up to ${PROMPT_LENGTH_MAX} work here`
          : 'It cannot be read as text'
      this.#ignore(field === 'prompt' ? 'Prompt' : 'Negative prompt', `${text.slice(0, 100)}…`, why)
      return
    }
    const translation = foreign.translations?.find((each) => each.field === field)
    if (translation !== undefined) this.#translate({ [field]: text }, translation.from, translation.reason)
    else if (text !== written)
      this.#translate({ [field]: text }, written, 'Characters that carry no meaning were taken out')
    else this.#restore({ [field]: text })
  }

  #seed(seed: number | undefined): void {
    if (seed === undefined) return
    if (Number.isInteger(seed) && seed >= 0 && seed <= SEED_MAX) this.#restore({ seed })
    else if (seed === -1) this.#ignore('Seed', '-1', 'It asks for a random seed, so one is drawn')
    else this.#ignore('Seed', String(seed), `Seeds are whole numbers up to ${SEED_MAX} here, so one is drawn`)
  }

  #number(
    field: 'steps' | 'guidanceScale' | 'width' | 'height',
    value: number | undefined,
    min: number,
    max: number,
    multiple?: number,
  ): void {
    if (value === undefined) return
    const whole = multiple === undefined ? value : Math.round(value / multiple) * multiple
    const fitting = Math.min(max, Math.max(min, whole))
    if (fitting === value) this.#restore({ [field]: value })
    else
      this.#translate(
        { [field]: fitting },
        String(value),
        `${min} to ${max}${multiple === undefined || multiple === 1 ? '' : ` in steps of ${multiple}`} work here`,
      )
  }

  #sampler({ dialect, sampler, schedule }: ForeignRecipe, resolve: ResolveSampler): void {
    if (sampler === undefined) return
    const from = schedule === undefined ? sampler : `${sampler}, ${schedule}`
    const known = resolve(sampler, schedule, dialect)
    if (known === undefined) {
      this.#ignore('Sampler', from, 'Dewpoint has no such sampler, so yours stays')
      return
    }
    const isSame =
      isNameOf(sampler, known.sampler, SAMPLERS[known.sampler].label) &&
      (schedule === undefined || isNameOf(schedule, known.schedule, SCHEDULES[known.schedule].label))
    if (isSame) this.#restore({ sampler: known.sampler, schedule: known.schedule })
    else {
      Object.assign(this.#fields, { sampler: known.sampler, schedule: known.schedule })
      const to = `${SAMPLERS[known.sampler].label}, ${SCHEDULES[known.schedule].label}`
      this.#translated.push({ field: 'sampler', from, to, reason: 'The same sampler by its name here' })
    }
  }

  #strength(strength: number | undefined): void {
    if (strength === undefined || strength === 1) return
    if (strength > 0 && strength < 1) {
      this.#restore({ strength })
      this.#ignore(
        'Input picture',
        '',
        'The file does not hold the picture it started from; add one to use the strength',
      )
    } else this.#ignore('Strength', String(strength), 'Strength is above 0 and at most 1')
  }

  #noise(foreign: ForeignRecipe): void {
    const { noise, variation, tiling, zeroTerminalSnr } = foreign
    const { seed, sampler } = this.#fields
    const isSde = sampler !== undefined && SAMPLERS[sampler].group === 'sde'
    if (isSde && seed !== undefined && ON_K_DIFFUSION.has(foreign.dialect)) {
      this.#restore({ sdeNoise: isDrawnOnCpu(foreign) ? 'torchsde-cpu' : 'torchsde-cuda' })
    }
    // Without its seed the kind of noise decides nothing.
    if (noise === 'mt19937' && this.#fields.seed !== undefined) this.#restore({ noise })
    if (variation !== undefined && inRange(variation.seed, 0, SEED_MAX) && inRange(variation.strength, 0, 1)) {
      this.#restore({ variation })
    }
    if (tiling !== undefined) this.#restore({ tiling })
    if (zeroTerminalSnr === true) this.#restore({ zeroTerminalSnr })
    for (const [field, [min, max]] of Object.entries(OPTIONAL_RANGES)) {
      const value = foreign[field as keyof typeof OPTIONAL_RANGES]
      if (value === undefined) continue
      if (inRange(value, min, max)) this.#restore({ [field]: value })
      else this.#ignore(NOT_OFFERED[field as RecipeField]?.name ?? field, String(value), `${min} to ${max} works here`)
    }
  }

  #model(model: ForeignRecipe['model'], knownModels: readonly KnownModel[]): RecipeReport['missingModel'] {
    if (model === undefined || (model.name === undefined && model.hash === undefined)) return null
    const known = matchModel(model, knownModels)
    if (known === undefined) return model
    const isNamedSo = model.name === undefined || model.name === known.name || model.name === known.id
    if (isNamedSo) this.#restore({ modelId: known.id })
    else this.#translate({ modelId: known.id }, model.name ?? '', 'The same model by its name here')
    return null
  }
}

/** A1111 draws all noise where its RNG setting says; ComfyUI's kin draw an SDE sampler's on the CPU unless its name ends in gpu. */
function isDrawnOnCpu({ dialect, noise, sampler }: ForeignRecipe): boolean {
  return dialect === 'a1111' ? noise === 'mt19937' : sampler?.endsWith('gpu') !== true
}

/** A1111's unnamed schedule is its own default for the sampler; everybody else's is the one the model came with. */
function resolveByDialect(
  sampler: string,
  schedule: string | undefined,
  dialect: Dialect,
): ResolvedSampler | undefined {
  if (dialect === 'a1111') return findA1111Sampler(sampler, schedule)
  // A schedule unknown here does not make the sampler unknown.
  return findSampler(sampler, schedule) ?? findSampler(sampler)
}

function isNameOf(name: string, id: string, label: string): boolean {
  const plain = name.toLowerCase()
  return plain === id || plain === label.toLowerCase()
}

/** Line ends as newlines; control characters, halves of pairs and the white space around go. */
function clean(text: string): string {
  return (
    text
      .replaceAll('\r\n', '\n')
      .replaceAll('\r', '\n')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters a prompt may not hold
      .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '')
      .toWellFormed()
      .trim()
  )
}

function inRange(value: number, min: number, max: number): boolean {
  return value >= min && value <= max
}
