// The settings of a recipe, one row each. The recipe, the request, the manifest's defaults, the Studio's draft and form, the report on a
// picture and the command line's options are made from these rows, so a new setting is a row here, its words (app/messages/en-studio.ts)
// and its use (diffusion/). What a sampler or schedule takes is sampler-options.ts's.
import { z } from 'zod'
import { GUIDANCE_SCALE_MAX, GUIDANCE_SCALE_MIN, SEED_MAX, STEPS_MAX, STEPS_MIN } from './limits.ts'
import { defaultEta, defaultRho, takesOption } from './sampler-options.ts'
import { SAMPLER_IDS, SAMPLERS, type SamplerId, SCHEDULE_IDS, SCHEDULES, type ScheduleId } from './samplers.ts'

/** Steps of a pass. */
export const stepsSchema = z
  .int()
  .min(STEPS_MIN, `Steps are ${STEPS_MIN} to ${STEPS_MAX}`)
  .max(STEPS_MAX, `Steps are ${STEPS_MIN} to ${STEPS_MAX}`)
export const seedSchema = z.int().min(0).max(SEED_MAX)

/** Every recipe has these; what suits a model its manifest says. */
export const MODEL_SETTINGS = {
  steps: stepsSchema,
  guidanceScale: z.number().min(GUIDANCE_SCALE_MIN).max(GUIDANCE_SCALE_MAX),
  sampler: z.enum(SAMPLER_IDS, {
    error: ({ input }) =>
      `Unknown sampler ${JSON.stringify(input)}; known: ${SAMPLER_IDS.map((id) => `${id} (${SAMPLERS[id].label})`).join(', ')}`,
  }),
  schedule: z.enum(SCHEDULE_IDS, {
    error: ({ input }) =>
      `Unknown schedule ${JSON.stringify(input)}; known: ${SCHEDULE_IDS.map((id) => `${id} (${SCHEDULES[id].label})`).join(', ')}`,
  }),
}

/** What decides whether an optional setting can change a picture. */
export interface Sampling {
  readonly sampler: SamplerId
  readonly schedule: ScheduleId
  readonly guidanceScale: number
}

interface Row<Value> {
  /** For `--help`: what it does, and what an absent one means. */
  readonly help: string
  /** Where the Studio's form has it. */
  readonly group: 'sampling' | 'noise' | 'other'
  /** What an absent one means beside these: a value, or null where no value says it; undefined: here it changes nothing. */
  readonly usual: (sampling: Sampling) => Value | null | undefined
}

interface NumberRow extends Row<number> {
  readonly step: number
  /** A1111's key for it. */
  readonly infotext?: string
}
const number = (min: number, max: number, row: NumberRow) =>
  ({ kind: 'number', min, max, schema: z.number().min(min).max(max), ...row }) as const

const choice = <const Value extends string | boolean>(values: readonly Value[], row: Row<Value>) =>
  ({ kind: 'choice', values, schema: z.literal(values), ...row }) as const

/** Most pictures do without these. In the order of the form. */
export const OPTIONAL_SETTINGS = {
  guidanceRescale: number(0, 1, {
    help: 'pulls the guided prediction’s contrast back to the conditional one’s (arXiv 2305.08891; default 0)',
    group: 'sampling',
    step: 0.05,
    // At 1 nothing is guided, so nothing is to be pulled back.
    usual: ({ guidanceScale }) => (guidanceScale === 1 ? undefined : 0),
  }),
  eta: number(0, 1, {
    help: 'how much fresh noise (default: the sampler’s)',
    group: 'sampling',
    step: 0.05,
    infotext: 'Eta',
    usual: ({ sampler }) => defaultEta(sampler),
  }),
  sChurn: number(0, 100, {
    help: 'Karras et al.’s churn, of Euler, Heun and DPM2 (default 0)',
    group: 'sampling',
    step: 0.5,
    infotext: 'Sigma churn',
    usual: ({ sampler }) => (takesOption(sampler, 'sChurn') ? 0 : undefined),
  }),
  sNoise: number(0, 2, {
    help: 'scale of fresh noise (default 1)',
    group: 'sampling',
    step: 0.01,
    infotext: 'Sigma noise',
    usual: ({ sampler }) => (takesOption(sampler, 'sNoise') ? 1 : undefined),
  }),
  sdeNoise: choice(['torchsde-cpu', 'torchsde-cuda'], {
    help: 'SDE samplers’ noise along torchsde’s path, as A1111 and ComfyUI draw it, at some cost (default: fresh draws)',
    group: 'sampling',
    usual: ({ sampler }) => (takesOption(sampler, 'sdeNoise') ? null : undefined),
  }),
  rho: number(0.1, 30, {
    help: 'bend of the karras (7) and polyexponential (1) schedules',
    group: 'sampling',
    step: 0.1,
    infotext: 'Schedule rho',
    usual: ({ schedule }) => defaultRho(schedule),
  }),
  zeroTerminalSnr: choice([true, false], {
    help: 'whether to start from pure noise (default: as the model’s config says)',
    group: 'sampling',
    usual: () => null,
  }),
  noise: choice(['philox', 'mt19937'], {
    help: 'whose numbers a seed means: a graphics card’s ("NV" in A1111, default) or a CPU’s',
    group: 'noise',
    usual: () => 'philox',
  }),
  variation: {
    kind: 'variation',
    schema: z.strictObject({ seed: seedSchema, strength: z.number().min(0).max(1) }),
    help: 'a second seed’s noise mixed in: near 0 small changes, 1 the other seed’s picture',
    group: 'noise',
    usual: () => null,
  },
  /** `a1111` scales each token's embedding and restores the mean; `compel` moves it along the line from the empty prompt's. */
  weighting: choice(['a1111', 'compel', 'none'], {
    help: 'how (word:1.3) acts; none reads prompts literally, brackets and all (default a1111)',
    group: 'other',
    usual: () => 'a1111',
  }),
  tiling: choice(['x', 'y', 'xy'], {
    help: 'which edges meet without a seam when the picture is laid out as a tile',
    group: 'other',
    usual: () => null,
  }),
} as const satisfies Record<string, Row<unknown> & { readonly kind: string; readonly schema: z.ZodType }>

type Table = typeof OPTIONAL_SETTINGS
export type OptionalSetting = keyof Table
export const OPTIONAL_SETTING_NAMES = Object.keys(OPTIONAL_SETTINGS) as OptionalSetting[]

/** Numbers that A1111 has a key for, in its order. */
export const INFOTEXT_KEYS = Object.entries(OPTIONAL_SETTINGS).flatMap(([name, row]) =>
  row.kind === 'number' && row.infotext !== undefined ? [[name as NumberSetting, row.infotext] as const] : [],
)
type NumberSetting = { [Name in OptionalSetting]: Table[Name]['kind'] extends 'number' ? Name : never }[OptionalSetting]

/** The schemas of all rows, each wrapped. */
function shape(wrap: (schema: z.ZodType) => z.ZodType): Record<string, z.ZodType> {
  return Object.fromEntries(Object.entries(OPTIONAL_SETTINGS).map(([name, { schema }]) => [name, wrap(schema)]))
}
export const optionalShape = shape((schema) => schema.optional()) as {
  [Name in OptionalSetting]: z.ZodOptional<Table[Name]['schema']>
}
export const nullableShape = shape((schema) => schema.nullable()) as {
  [Name in OptionalSetting]: z.ZodNullable<Table[Name]['schema']>
}
