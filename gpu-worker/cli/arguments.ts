// The words after `npm run generate --` → what to make and where to put it. Every rule it states comes from contracts/.
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'
import { z } from 'zod'
import { SEED_MAX } from '#contracts/limits.ts'
import { maskSchema, promptSchema, type Recipe, strengthSchema } from '#contracts/recipe.ts'
import type { SamplerId, ScheduleId } from '#contracts/samplers.ts'
import {
  MODEL_SETTINGS,
  OPTIONAL_SETTING_NAMES,
  OPTIONAL_SETTINGS,
  type OptionalSetting,
  seedSchema,
} from '#contracts/settings.ts'
import { imageSeed } from '#recipes/image-recipe.ts'
import { resolveSampler, resolveSchedule } from '#recipes/sampler-names.ts'
import { samplersHelp } from './samplers-help.ts'

/** The person's input breaks a rule: exit code 2, and no stack. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Where the explanations of options begin. */
const HELP_COLUMN = 22

/** `sNoise` → `s-noise` */
const flagOf = (name: OptionalSetting): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
const OPTIONAL_FLAGS = Object.fromEntries(OPTIONAL_SETTING_NAMES.map((name) => [flagOf(name), { type: 'string' }]))

function optionalHelp(): string {
  return OPTIONAL_SETTING_NAMES.map((name) => {
    const row = OPTIONAL_SETTINGS[name]
    const values =
      row.kind === 'number' ? `${row.min}…${row.max}` : row.kind === 'choice' ? row.values.join('|') : 'SEED:STRENGTH'
    const head = `  --${flagOf(name)} ${values}`
    return `${head.length < HELP_COLUMN ? head.padEnd(HELP_COLUMN) : `${head}\n${' '.repeat(HELP_COLUMN)}`}${row.help}`
  }).join('\n')
}

export const USAGE = `Usage: npm run generate -- "a panda eating tacos at the beach" [options]
       npm run generate -- --recipe FILE [options]
       npm run generate -- --reproduce PICTURE [--image FILE] [--model ID] [--out FILE] [--json]

  --recipe FILE       make that recipe again: a JSON file, A1111's text, or a picture that holds one (PNG, JPEG, WebP, AVIF);
                      a prompt and options beside it replace what it says, --model makes it with another model and says so
  --reproduce PICTURE run the recipe Dewpoint wrote into the picture again and say whether the bytes match, or else the
                      pixels, or how far they differ; exit code 0: same pixels, 1: they differ. Nothing is written without --out
  --out FILE          where to put the picture; with several seeds the seed goes before the extension
                      (default: named after prompt and seed, in this folder)
  --force             replace files that exist; without it they are never touched
  --seed N[,N…]       0 to ${SEED_MAX}; several make several pictures (default: drawn, and printed)
  --count N           that many pictures, from the seed upwards (default 1)
  --steps N           1 to 150 (default: the model's)
  --guidance X        how closely to follow the prompt, 0 to 30 (default: the model's)
  --negative TEXT     what to keep out of the picture
  --sampler NAME      one of those below; other programs' names do too ("DPM++ 2M Karras", euler_ancestral)
  --schedule NAME     one of those below (default: the sampler name's, else the model's)
${optionalHelp()}
  --width N --height N  pixels, multiples of 8 (default: the model's)
  --model ID          a folder of models/ (default: the first installed)
  --image FILE        start from this picture instead of noise
  --strength X        how far to leave it behind, above 0 to 1 (default 0.6)
  --mask FILE         repaint only what is white in this picture, which is laid over --image; black and transparent stay
  --mask-blur X       softens its edge, in pixels, 0 to 64 (default 4)
  --mask-region NAME  whole works on the picture as it is, masked cuts out the mask's surroundings and repaints them at full
                      size (default whole); --mask-padding N: how many pixels around it, 0 to 512 (default 32)
  --json              print recipes, hashes and timings as JSON
  --help              this text

${samplersHelp()}`

const OPTIONS = {
  recipe: { type: 'string' },
  reproduce: { type: 'string' },
  out: { type: 'string' },
  force: { type: 'boolean', default: false },
  seed: { type: 'string' },
  count: { type: 'string' },
  steps: { type: 'string' },
  guidance: { type: 'string' },
  negative: { type: 'string' },
  sampler: { type: 'string' },
  schedule: { type: 'string' },
  width: { type: 'string' },
  height: { type: 'string' },
  model: { type: 'string' },
  image: { type: 'string' },
  mask: { type: 'string' },
  'mask-blur': { type: 'string' },
  'mask-region': { type: 'string' },
  'mask-padding': { type: 'string' },
  strength: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const satisfies ParseArgsOptionsConfig

export interface GenerateArguments {
  /** A file to take from what is not given here; undefined: the model's defaults. */
  readonly recipePath: string | undefined
  /** A picture to make again and compare; everything else but image, model, out, force and json is then undefined. */
  readonly reproducePath: string | undefined
  /** Given, unless there is a recipe to take it from. */
  readonly prompt: string | undefined
  readonly negativePrompt: string | undefined
  /** One picture each; null: the recipe's, or drawn. */
  readonly seeds: readonly number[] | null
  readonly count: number | undefined
  readonly steps: number | undefined
  readonly guidanceScale: number | undefined
  readonly sampler: SamplerId | undefined
  readonly schedule: ScheduleId | undefined
  /** Only those that are given. */
  readonly optional: { readonly [Name in OptionalSetting]?: NonNullable<Recipe[Name]> }
  readonly width: number | undefined
  readonly height: number | undefined
  readonly modelId: string | undefined
  readonly image: { readonly path: string; readonly strength: number | undefined } | undefined
  readonly mask: ({ readonly path: string } & MaskOptions) | undefined
  readonly out: string | undefined
  readonly force: boolean
  readonly json: boolean
}

/** What is not given comes from the recipe, else from the defaults. */
export interface MaskOptions {
  readonly blurPx: number | undefined
  readonly region: z.infer<typeof maskSchema>['region'] | undefined
  readonly paddingPx: number | undefined
}

/** One command makes at most this many pictures; more is a loop in a shell. */
const PICTURES_MAX = 100
const MASK_OPTIONS = ['mask-blur', 'mask-region', 'mask-padding'] as const
/** What --reproduce may stand beside: none of these changes the recipe, but for a model that is asked for by name. */
const BESIDE_REPRODUCE = new Set(['reproduce', 'image', 'mask', 'model', 'out', 'force', 'json', 'help'])

/** The arguments, or null when help was asked for. @throws UsageError naming the option, the rule and what was given. */
export function parseGenerateArguments(args: readonly string[]): GenerateArguments | null {
  const { values, positionals } = split(args)
  if (values.help) return null
  const [prompt, ...more] = positionals
  if (values.reproduce !== undefined) checkReproduce(values, prompt)
  const isElsewhere = values.recipe !== undefined || values.reproduce !== undefined
  if (prompt === undefined ? !isElsewhere : prompt.trim() === '')
    throw new UsageError('Write what you want to see, in quotes. --help shows how.')
  if (more.length > 0)
    throw new UsageError(`Put the prompt in quotes; after ${JSON.stringify(prompt)} came ${JSON.stringify(more[0])}`)
  if (values.strength !== undefined && values.image === undefined) {
    throw new UsageError('--strength says how far to leave the picture of --image behind; there is no --image')
  }
  if (values.mask !== undefined && values.image === undefined)
    throw new UsageError('--mask marks what to repaint of the picture of --image; there is no --image')
  const stray = MASK_OPTIONS.find((name) => values[name] !== undefined)
  if (values.mask === undefined && stray !== undefined)
    throw new UsageError(`--${stray} says how the mask of --mask acts; there is no --mask`)
  const seeds = values.seed?.split(',').map((seed) => check('--seed', seedSchema, number(seed))) ?? null
  const count = optional('--count', z.int().min(1).max(PICTURES_MAX), values.count, number)
  if (seeds !== null && seeds.length > 1 && count !== undefined)
    throw new UsageError('Give several seeds or a --count, not both')
  if (seeds !== null && seeds.length > PICTURES_MAX)
    throw new UsageError(`At most ${PICTURES_MAX} seeds, got ${seeds.length}`)
  return {
    recipePath: values.recipe,
    reproducePath: values.reproduce,
    prompt: optional('The prompt', promptSchema, prompt),
    negativePrompt: optional('--negative', promptSchema, values.negative),
    seeds: seeds?.length === 1 && count !== undefined ? upwards(seeds[0] ?? 0, count) : seeds,
    count: seeds?.length ?? count,
    steps: optional('--steps', MODEL_SETTINGS.steps, values.steps, number),
    guidanceScale: optional('--guidance', MODEL_SETTINGS.guidanceScale, values.guidance, number),
    ...samplerOf(values.sampler, values.schedule),
    optional: optionalSettings(values),
    width: optional('--width', z.int(), values.width, number),
    height: optional('--height', z.int(), values.height, number),
    modelId: values.model,
    image:
      values.image === undefined
        ? undefined
        : {
            path: values.image,
            strength: optional('--strength', strengthSchema, values.strength, number),
          },
    mask:
      values.mask === undefined
        ? undefined
        : {
            path: values.mask,
            blurPx: optional('--mask-blur', maskSchema.shape.blurPx, values['mask-blur'], number),
            region: optional('--mask-region', maskSchema.shape.region, values['mask-region']),
            paddingPx: optional('--mask-padding', maskSchema.shape.paddingPx, values['mask-padding'], number),
          },
    out: values.out,
    force: values.force,
    json: values.json,
  }
}

function split(args: readonly string[]) {
  try {
    // The type of the options written out here; those of the table are looked up by name.
    const options = { ...OPTIONS, ...OPTIONAL_FLAGS } as typeof OPTIONS
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : error}. --help lists the options.`, {
      cause: error,
    })
  }
}

function optionalSettings(values: Readonly<Record<string, unknown>>): GenerateArguments['optional'] {
  const given = OPTIONAL_SETTING_NAMES.flatMap((name) => {
    const value = values[flagOf(name)]
    const { kind, schema }: { kind: string; schema: z.ZodType } = OPTIONAL_SETTINGS[name]
    return typeof value === 'string' ? [[name, check(`--${flagOf(name)}`, schema, READ[kind]?.(value), value)]] : []
  })
  return Object.fromEntries(given)
}

function checkReproduce(values: ReturnType<typeof split>['values'], prompt: string | undefined): void {
  const name = Object.entries(values).find(
    ([option, value]) => value !== undefined && value !== false && !BESIDE_REPRODUCE.has(option),
  )?.[0]
  const other = prompt === undefined ? name && `--${name}` : 'a prompt'
  if (other !== undefined)
    throw new UsageError(
      `--reproduce runs the recipe as it is, so ${other} has no place beside it; --recipe takes changes`,
    )
}

export const upwards = (seed: number, count: number) =>
  Array.from({ length: count }, (_, index) => imageSeed(seed, index))

/** A joined name ("DPM++ 2M Karras") sets both, unless a schedule is given beside it. */
function samplerOf(
  name: string | undefined,
  scheduleName: string | undefined,
): Pick<GenerateArguments, 'sampler' | 'schedule'> {
  const schedule = scheduleName === undefined ? undefined : named('--schedule', () => resolveSchedule(scheduleName))
  if (name === undefined) return { sampler: undefined, schedule }
  const resolved = named('--sampler', () => resolveSampler(name))
  const joined = resolved.schedule === 'automatic' ? undefined : resolved.schedule
  return { sampler: resolved.sampler, schedule: schedule ?? joined }
}

function named<T>(option: string, resolve: () => T): T {
  try {
    return resolve()
  } catch (error) {
    throw new UsageError(`${option}: ${error instanceof Error ? error.message : error}`, { cause: error })
  }
}

/** Number('') is 0, which nobody meant. */
const number = (text: string) => (text.trim() === '' ? Number.NaN : Number(text))

/** Text to value, by the kind of a setting. */
const READ: Readonly<Record<string, (text: string) => unknown>> = {
  number,
  choice: (text) => (text === 'true' || text === 'false' ? text === 'true' : text),
  variation: (text) => {
    const [seed = '', strength = ''] = text.split(':')
    return { seed: number(seed), strength: number(strength) }
  },
}

function optional<Out>(
  name: string,
  schema: z.ZodType<Out>,
  value: string | undefined,
  read: (text: string) => unknown = (text) => text,
): Out | undefined {
  return value === undefined ? undefined : check(name, schema, read(value), value)
}

function check<Out>(name: string, schema: z.ZodType<Out>, value: unknown, given: unknown = value): Out {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new UsageError(
    `${name}: ${parsed.error.issues[0]?.message ?? 'not usable'} (got ${JSON.stringify(given)?.slice(0, 80)})`,
  )
}
