// Puts a sampler on a schedule: the one place that knows all of them by name.
import { SAMPLER_IDS, type SamplerId, type ScheduleId } from '#contracts/samplers.ts'
import { createDdim } from './ddim.ts'
import { createDdimCfgPp } from './ddim-cfg-pp.ts'
import { createDdpm } from './ddpm.ts'
import { createDeis } from './deis.ts'
import { createDpm2 } from './dpm2.ts'
import { createDpm2Ancestral } from './dpm2-ancestral.ts'
import { createDpmpp2m } from './dpmpp-2m.ts'
import { createDpmpp2mSde } from './dpmpp-2m-sde.ts'
import { createDpmpp2mSdeHeun } from './dpmpp-2m-sde-heun.ts'
import { createDpmpp2sAncestral } from './dpmpp-2s-ancestral.ts'
import { createDpmpp3mSde } from './dpmpp-3m-sde.ts'
import { createDpmppSde } from './dpmpp-sde.ts'
import { createEuler } from './euler.ts'
import { createEulerAncestral } from './euler-ancestral.ts'
import { createHeun } from './heun.ts'
import { createLcm } from './lcm.ts'
import { createLms } from './lms.ts'
import { createNoiseSchedule, type NoiseSchedule } from './noise-schedule.ts'
import { createPlms } from './plms.ts'
import { createRestart } from './restart.ts'
import type { NoiseScheduleConfig, Scheduler } from './scheduler.ts'
import type { AlignYourStepsTable } from './schedules/align-your-steps.ts'
import { createSteps, type Placement } from './schedules/index.ts'
import { atStrength, type StepSchedule, withoutPenultimate } from './step-schedule.ts'
import { createTcd } from './tcd.ts'
import { createUniPc } from './unipc.ts'

export type { NoiseScheduleConfig, Scheduler } from './scheduler.ts'
export { parseSchedulerConfig } from './scheduler-config.ts'

export interface SchedulerOptions {
  readonly sampler: SamplerId
  readonly schedule: ScheduleId
  /** Steps the person asked for, 1 up to the model's training timesteps. */
  readonly steps: number
  readonly config: NoiseScheduleConfig
  /** Image-to-image: share of the steps that is done, above 0 and at most 1 (default: all). */
  readonly strength?: number | undefined
  /** Fresh noise of ancestral, SDE, DDIM-like and TCD samplers, 0 to 1; each sampler's published default unless given. */
  readonly eta?: number | undefined
  /** Karras et al.'s churn for Euler, Heun and DPM2, 0 unless given. */
  readonly sChurn?: number | undefined
  /** Scale of fresh noise, 1 unless given. */
  readonly sNoise?: number | undefined
  /** Rescales the betas so that the noisiest timestep is pure noise; the model's own config decides unless given. */
  readonly zeroTerminalSnr?: boolean | undefined
  /** ρ of the Karras (7 unless given) and polyexponential (1 unless given) schedules. */
  readonly rho?: number | undefined
  /** Whose numbers the Align Your Steps schedule takes, 'sd' unless given. */
  readonly alignYourSteps?: AlignYourStepsTable | undefined
}

/** A1111 leaves out the level before the last for these (ComfyUI for the first two): its tiny σ is noise, not progress. */
const WITHOUT_PENULTIMATE: ReadonlySet<SamplerId> = new Set<SamplerId>(['dpm2', 'dpm2-a', 'dpmpp-3m-sde'])

/** Which diffusers class places each sampler's levels; Restart, which has none, as Heun, whose steps it takes. */
const PLACEMENTS: Readonly<Record<SamplerId, Placement>> = {
  ddim: 'whole',
  'ddim-cfg-pp': 'whole',
  plms: 'whole',
  euler: 'sigma',
  heun: 'sigma',
  lms: 'sigma',
  dpm2: 'sigma',
  'dpmpp-2m': 'solver',
  unipc: 'solver',
  deis: 'solver',
  'euler-a': 'sigma',
  'dpm2-a': 'sigma',
  'dpmpp-2s-a': 'solver',
  ddpm: 'whole',
  restart: 'sigma',
  'dpmpp-sde': 'sigma',
  'dpmpp-2m-sde': 'solver',
  'dpmpp-2m-sde-heun': 'solver',
  'dpmpp-3m-sde': 'solver',
  lcm: 'distilled',
  tcd: 'distilled',
}

/**
 * The scheduler of one image's run.
 * @throws {RangeError} naming the rule and the value, on an unknown name or a step count or strength no run can have.
 */
export function createScheduler(options: SchedulerOptions): Scheduler {
  const { config, zeroTerminalSnr, strength } = options
  requireNotNegative('eta', options.eta)
  requireNotNegative('sChurn', options.sChurn)
  requireNotNegative('sNoise', options.sNoise)
  const noise = createNoiseSchedule(
    zeroTerminalSnr === undefined ? config : { ...config, rescaleBetasZeroSnr: zeroTerminalSnr },
  )
  const all = createLevels(options, noise)
  return createSampler(options, strength === undefined ? all : atStrength(all, strength), noise)
}

function createLevels(
  { sampler, schedule, steps, rho, alignYourSteps = 'sd' }: SchedulerOptions,
  noise: NoiseSchedule,
) {
  const stepsOptions = { alignYourSteps, rho, placement: PLACEMENTS[sampler] }
  return WITHOUT_PENULTIMATE.has(sampler)
    ? withoutPenultimate(createSteps(schedule, steps + 1, noise, stepsOptions))
    : createSteps(schedule, steps, noise, stepsOptions)
}

function createSampler(options: SchedulerOptions, levels: StepSchedule, noise: NoiseSchedule): Scheduler {
  const { sampler, eta, sChurn = 0, sNoise = 1 } = options
  switch (sampler) {
    case 'ddim':
      return createDdim(levels, noise, { eta: eta ?? 0 })
    case 'ddim-cfg-pp':
      return createDdimCfgPp(levels, noise, { eta: eta ?? 0 })
    case 'plms':
      return createPlms(levels, noise)
    case 'euler':
      return createEuler(levels, noise, { sChurn, sNoise })
    case 'heun':
      return createHeun(levels, noise, { sChurn, sNoise })
    case 'lms':
      return createLms(levels, noise)
    case 'dpm2':
      return createDpm2(levels, noise, { sChurn, sNoise })
    case 'dpmpp-2m':
      return createDpmpp2m(levels, noise)
    case 'unipc':
      return createUniPc(levels, noise)
    case 'deis':
      return createDeis(levels, noise)
    case 'euler-a':
      return createEulerAncestral(levels, noise, { eta: eta ?? 1, sNoise })
    case 'dpm2-a':
      return createDpm2Ancestral(levels, noise, { eta: eta ?? 1, sNoise })
    case 'dpmpp-2s-a':
      return createDpmpp2sAncestral(levels, noise, { eta: eta ?? 1, sNoise })
    case 'ddpm':
      return createDdpm(levels, noise, { sNoise })
    case 'restart':
      return createRestart(levels, noise, { sNoise })
    case 'dpmpp-sde':
      return createDpmppSde(levels, noise, { eta: eta ?? 1, sNoise })
    case 'dpmpp-2m-sde':
      return createDpmpp2mSde(levels, noise, { eta: eta ?? 1, sNoise })
    case 'dpmpp-2m-sde-heun':
      return createDpmpp2mSdeHeun(levels, noise, { eta: eta ?? 1, sNoise })
    case 'dpmpp-3m-sde':
      return createDpmpp3mSde(levels, noise, { eta: eta ?? 1, sNoise })
    case 'lcm':
      return createLcm(levels, noise, { sNoise })
    case 'tcd':
      return createTcd(levels, noise, { eta: eta ?? 0.3 })
    default:
      throw new RangeError(
        `Unknown sampler ${JSON.stringify(sampler satisfies never)}; known: ${SAMPLER_IDS.join(', ')}`,
      )
  }
}

function requireNotNegative(name: string, value: number | undefined): void {
  if (value !== undefined && !(value >= 0 && Number.isFinite(value))) {
    throw new RangeError(`${name} is a number from 0 up, got ${value}`)
  }
}
