// Other programs' names of samplers and schedules: A1111's (joined "DPM++ 2M Karras", split, and k_ aliases), diffusers' classes
// with their options, ComfyUI's, InvokeAI's and Fooocus'. A name means an algorithm; where a program's own defaults differ from
// ours by schedule, its resolver says so. Not here: what the algorithms are (diffusion/schedulers/).
import { SAMPLER_IDS, SAMPLERS, type SamplerId, SCHEDULE_IDS, SCHEDULES, type ScheduleId } from '#contracts/samplers.ts'

export interface ResolvedSampler {
  readonly sampler: SamplerId
  readonly schedule: ScheduleId
  /** What the name fixes beside the two; spread it into a recipe. */
  readonly options: { readonly eta?: number; readonly zeroTerminalSnr?: boolean }
}

/** Aliases of each sampler in `normalise`d spelling, beside its id and label. */
const SAMPLER_ALIASES: Readonly<Record<SamplerId, readonly string[]>> = {
  ddim: ['ddimscheduler'],
  'ddim-cfg-pp': ['ddimcfgpp', 'ddimcfgplusplus'],
  plms: ['pndm', 'pndmscheduler'],
  euler: ['keuler', 'eulerdiscrete', 'eulerdiscretescheduler', 'sampleeuler'],
  heun: ['kheun', 'heundiscrete', 'heundiscretescheduler', 'sampleheun'],
  lms: ['klms', 'lmsdiscrete', 'lmsdiscretescheduler', 'samplelms'],
  dpm2: ['kdpm2', 'kdpm2discrete', 'kdpm2discretescheduler', 'sampledpm2'],
  'dpmpp-2m': ['kdpmpp2m', 'dpmsolvermultistep', 'dpmsolvermultistepscheduler', 'sampledpmpp2m'],
  unipc: ['unipcmultistep', 'unipcmultistepscheduler', 'unipcbh2', 'kunipc'],
  deis: ['deismultistep', 'deismultistepscheduler', 'kdeis'],
  'euler-a': [
    'eulerancestral',
    'keulera',
    'keulerancestral',
    'eulerancestraldiscrete',
    'eulerancestraldiscretescheduler',
    'sampleeulerancestral',
  ],
  'dpm2-a': [
    'dpm2ancestral',
    'kdpm2a',
    'kdpm2ancestral',
    'kdpm2ancestraldiscrete',
    'kdpm2ancestraldiscretescheduler',
    'sampledpm2ancestral',
  ],
  'dpmpp-2s-a': ['dpmpp2sancestral', 'kdpmpp2sa', 'kdpmpp2sancestral', 'sampledpmpp2sancestral'],
  ddpm: ['ddpmscheduler'],
  restart: ['restartsampler', 'krestart'],
  'dpmpp-sde': ['kdpmppsde', 'dpmsolversde', 'dpmsolversdescheduler', 'sampledpmppsde'],
  'dpmpp-2m-sde': ['kdpmpp2msde', 'sampledpmpp2msde'],
  'dpmpp-2m-sde-heun': ['kdpmpp2msdeheun'],
  'dpmpp-3m-sde': ['kdpmpp3msde', 'sampledpmpp3msde'],
  lcm: ['lcmscheduler', 'klcm'],
  tcd: ['tcdscheduler'],
}

const SCHEDULE_ALIASES: Readonly<Record<ScheduleId, readonly string[]>> = {
  automatic: ['auto', 'default', 'lcm', 'tcd'],
  uniform: [],
  karras: ['ka', 'k'],
  exponential: ['exp'],
  polyexponential: ['polyexp'],
  'sgm-uniform': [],
  'kl-optimal': [],
  'align-your-steps': ['ays'],
  simple: [],
  normal: [],
  ddim: ['ddimuniform'],
  beta: [],
  linspace: [],
  leading: [],
  trailing: [],
}

/** A1111 1.9 and later: what "Automatic" is for a sampler. The others it runs on its uniform spacing. */
const A1111_AUTOMATIC: Partial<Record<SamplerId, ScheduleId>> = {
  'dpmpp-2m': 'karras',
  'dpmpp-sde': 'karras',
  'dpmpp-2s-a': 'karras',
  dpm2: 'karras',
  'dpm2-a': 'karras',
  restart: 'karras',
  'dpmpp-2m-sde': 'exponential',
  'dpmpp-2m-sde-heun': 'exponential',
  'dpmpp-3m-sde': 'exponential',
  lcm: 'automatic',
}

/** A1111 runs these on DDIM's timesteps whatever schedule type is set. */
const A1111_TIMESTEP_SAMPLERS: readonly SamplerId[] = ['ddim', 'ddim-cfg-pp', 'plms', 'unipc']

/** Case, spaces, dashes and underscores do not tell names apart; plus signs do, and are spelt `p` by some programs. */
function normalise(name: string): string {
  return name
    .toLowerCase()
    .replaceAll('+', 'p')
    .replaceAll(/[\s_().-]/g, '')
}

const SAMPLER_BY_NAME = tableOf(SAMPLER_IDS, SAMPLERS, SAMPLER_ALIASES)
const SCHEDULE_BY_NAME = tableOf(SCHEDULE_IDS, SCHEDULES, SCHEDULE_ALIASES)

function tableOf<Id extends string>(
  ids: readonly Id[],
  facts: Readonly<Record<Id, { readonly label: string }>>,
  aliases: Readonly<Record<Id, readonly string[]>>,
): ReadonlyMap<string, Id> {
  return new Map(
    ids.flatMap((id) => [id, facts[id].label, ...aliases[id]].map((name) => [normalise(name), id] as const)),
  )
}

/**
 * The sampler and schedule a name stands for, in any program's spelling; `schedule` is that program's own, where it keeps the
 * two apart. Undefined where Dewpoint has no such algorithm. Without any schedule it is `automatic`.
 */
export function findSampler(name: string, schedule?: string): ResolvedSampler | undefined {
  const found = findJoined(normalise(name))
  if (found === undefined) return undefined
  const named = schedule === undefined ? undefined : SCHEDULE_BY_NAME.get(normalise(schedule))
  if (schedule !== undefined && named === undefined) return undefined
  return { sampler: found.sampler, schedule: named ?? found.schedule ?? 'automatic', options: {} }
}

/** As `findSampler`, or a RangeError that lists what is known. */
export function resolveSampler(name: string, schedule?: string): ResolvedSampler {
  const found = findSampler(name, schedule)
  if (found !== undefined) return found
  if (schedule === undefined || findJoined(normalise(name)) === undefined) throw unknownSampler(name)
  throw unknownSchedule(schedule)
}

/** A schedule's name in any program's spelling, or a RangeError that lists what is known. */
export function resolveSchedule(name: string): ScheduleId {
  const found = SCHEDULE_BY_NAME.get(normalise(name))
  if (found === undefined) throw unknownSchedule(name)
  return found
}

/**
 * As A1111 itself would run it: before 1.9 a name without schedule meant uniform, since then "Automatic" is each sampler's own.
 *
 * @param scheduleType the picture's "Schedule type", which only 1.9 and later write.
 */
export function findA1111Sampler(name: string, scheduleType?: string): ResolvedSampler | undefined {
  const found = findSampler(name, scheduleType)
  if (found === undefined) return undefined
  const { sampler, schedule } = found
  if (A1111_TIMESTEP_SAMPLERS.includes(sampler)) return { ...found, schedule: 'ddim' }
  if (schedule !== 'automatic') return found
  if (sampler === 'lcm' || sampler === 'tcd') return found
  return { ...found, schedule: scheduleType === undefined ? 'uniform' : (A1111_AUTOMATIC[sampler] ?? 'uniform') }
}

/**
 * A diffusers scheduler by its `_class_name` and the rest of its config.
 *
 * @throws {RangeError} on a class, or an option of a known one, that has no equal here.
 */
export function resolveDiffusersScheduler(
  className: string,
  config: Readonly<Record<string, unknown>> = {},
): ResolvedSampler {
  const options = config.rescale_betas_zero_snr === true ? { zeroTerminalSnr: true } : {}
  const schedule = diffusersSchedule(config)
  switch (normalise(className)) {
    case 'dpmsolvermultistep':
    case 'dpmsolvermultistepscheduler':
      return { sampler: multistepSampler(config), schedule, options }
    case 'dpmsolversinglestep':
    case 'dpmsolversinglestepscheduler':
      // DPM-Solver++(2S) without fresh noise. diffusers counts its model calls as steps, so it makes half as many steps.
      return { sampler: 'dpmpp-2s-a', schedule, options: { ...options, eta: 0 } }
    default: {
      const sampler = SAMPLER_BY_NAME.get(normalise(className))
      if (sampler === undefined) throw unknownSampler(className)
      return { sampler, schedule, options }
    }
  }
}

function multistepSampler(config: Readonly<Record<string, unknown>>): SamplerId {
  const algorithm = config.algorithm_type ?? 'dpmsolver++'
  const order = config.solver_order ?? 2
  if (order === 2 && algorithm === 'dpmsolver++') return 'dpmpp-2m'
  if (order === 2 && algorithm === 'sde-dpmsolver++') {
    return config.solver_type === 'heun' ? 'dpmpp-2m-sde-heun' : 'dpmpp-2m-sde'
  }
  throw new RangeError(
    `DPMSolverMultistepScheduler is known with solver_order 2 and algorithm_type dpmsolver++ or sde-dpmsolver++, got ${JSON.stringify(order)} and ${JSON.stringify(algorithm)}`,
  )
}

function diffusersSchedule(config: Readonly<Record<string, unknown>>): ScheduleId {
  if (config.use_karras_sigmas === true) return 'karras'
  if (config.use_exponential_sigmas === true) return 'exponential'
  if (config.use_beta_sigmas === true) return 'beta'
  const spacing = config.timestep_spacing
  return spacing === 'linspace' || spacing === 'leading' || spacing === 'trailing' ? spacing : 'automatic'
}

/** A sampler's name, or one with a schedule's at its end: "dpmpp2mkarras", InvokeAI's "eulerk". ComfyUI's "gpu" says nothing. */
function findJoined(name: string): { sampler: SamplerId; schedule: ScheduleId | undefined } | undefined {
  const sampler = SAMPLER_BY_NAME.get(name)
  if (sampler !== undefined) return { sampler, schedule: undefined }
  if (name.endsWith('gpu')) return findJoined(name.slice(0, -'gpu'.length))
  for (const [suffix, schedule] of SCHEDULE_BY_NAME) {
    if (!name.endsWith(suffix)) continue
    const alone = SAMPLER_BY_NAME.get(name.slice(0, -suffix.length))
    if (alone !== undefined) return { sampler: alone, schedule }
  }
  return undefined
}

function unknownSampler(name: string): RangeError {
  return new RangeError(`Unknown sampler ${JSON.stringify(name)}; known: ${labels(SAMPLER_IDS, SAMPLERS)}`)
}

function unknownSchedule(name: string): RangeError {
  return new RangeError(`Unknown schedule ${JSON.stringify(name)}; known: ${labels(SCHEDULE_IDS, SCHEDULES)}`)
}

function labels<Id extends string>(
  ids: readonly Id[],
  facts: Readonly<Record<Id, { readonly label: string }>>,
): string {
  return ids.map((id) => `${id} (${facts[id].label})`).join(', ')
}
