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
import { OPTIONAL_SETTING_NAMES, OPTIONAL_SETTINGS } from '#contracts/settings.ts'
import { findA1111Sampler, findSampler, type ResolvedSampler } from '../sampler-names.ts'
import type { Dialect, ForeignRecipe, Ignored } from './foreign-recipe.ts'
import { type KnownModel, matchModel } from './match-model.ts'
import type {
  ReadRecipeOptions,
  RecipeField,
  RecipeFields,
  RecipeReport,
  ResolveSampler,
  Restored,
  Translated,
} from './recipe-report.ts'
import { shownValue } from './shown-value.ts'

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

  get parts() {
    return { fields: this.#fields, restored: this.#restored, translated: this.#translated, ignored: this.#ignored }
  }

  addOwn(recipe: Recipe, knownModels: readonly KnownModel[]): RecipeReport['missingModel'] {
    const { model, prompt, negativePrompt, seed, steps, sampler, schedule, guidanceScale, width, height } = recipe
    this.#restore({ prompt, negativePrompt, seed, steps, sampler, schedule, guidanceScale, width, height })
    for (const field of OPTIONAL_SETTING_NAMES) {
      // Philox is what a form draws where nothing is chosen.
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
    this.#seed(foreign.seed)
    this.#number('steps', foreign.steps, STEPS_MIN, STEPS_MAX, 1)
    this.#number('guidanceScale', foreign.guidanceScale, GUIDANCE_SCALE_MIN, GUIDANCE_SCALE_MAX)
    this.#number('width', foreign.width, SIZE_MIN_PX, SIZE_MAX_PX, SIZE_MULTIPLE_PX)
    this.#number('height', foreign.height, SIZE_MIN_PX, SIZE_MAX_PX, SIZE_MULTIPLE_PX)
    this.#sampler(foreign, samplers)
    this.#strength(foreign.strength)
    this.#optional({ ...foreign, sdeNoise: this.#sdeNoise(foreign), noise: this.#noise(foreign) })
    for (const { name, value, reason } of foreign.ignored) this.#ignore(name, value, reason)
    return this.#model(foreign.model, knownModels)
  }

  #restore(fields: RecipeFields): void {
    for (const [field, value] of Object.entries(fields)) {
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

  #sdeNoise(foreign: ForeignRecipe): RecipeFields['sdeNoise'] | undefined {
    const { seed, sampler } = this.#fields
    const isSde = sampler !== undefined && SAMPLERS[sampler].group === 'sde'
    if (!isSde || seed === undefined || !ON_K_DIFFUSION.has(foreign.dialect)) return undefined
    return isDrawnOnCpu(foreign) ? 'torchsde-cpu' : 'torchsde-cuda'
  }

  /** Without its seed the kind of noise decides nothing, and Philox is what a form draws where nothing is chosen. */
  #noise({ noise }: ForeignRecipe): RecipeFields['noise'] | undefined {
    return this.#fields.seed === undefined || noise === 'philox' ? undefined : noise
  }

  #optional(foreign: ForeignRecipe): void {
    for (const name of OPTIONAL_SETTING_NAMES) {
      const value = foreign[name]
      const row = OPTIONAL_SETTINGS[name]
      if (value === undefined) continue
      if (row.schema.safeParse(value).success) this.#restore({ [name]: value })
      else
        this.#ignore(
          name,
          shownValue(name, value),
          row.kind === 'number' ? `${row.min} to ${row.max} works here` : 'It has no such value here',
        )
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
