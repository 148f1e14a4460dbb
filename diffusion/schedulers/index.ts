// Puts a sampler on a schedule: the one place that knows all of them by name.
import { SAMPLER_IDS, type SamplerId, type ScheduleId } from '#contracts/samplers.ts'
import { createDdim } from './ddim.ts'
import { createEuler } from './euler.ts'
import { createNoiseSchedule } from './noise-schedule.ts'
import type { NoiseScheduleConfig, Scheduler } from './scheduler.ts'
import { createSteps } from './schedules/index.ts'
import { atStrength } from './step-schedule.ts'

export type { NoiseScheduleConfig, Scheduler } from './scheduler.ts'
export { parseSchedulerConfig } from './scheduler-config.ts'
export { stepsAtStrength } from './step-schedule.ts'

export interface SchedulerOptions {
  readonly sampler: SamplerId
  readonly schedule: ScheduleId
  /** Steps the person asked for, 1 up to the model's training timesteps. */
  readonly steps: number
  readonly config: NoiseScheduleConfig
  /** Image-to-image: share of the steps that is done, above 0 and at most 1 (default: all). */
  readonly strength?: number | undefined
  /** Fresh noise of ancestral and DDIM-like samplers; each sampler's published default unless given. */
  readonly eta?: number | undefined
  /** Karras et al.'s churn, 0 unless given. */
  readonly sChurn?: number | undefined
  /** Scale of fresh noise, 1 unless given. */
  readonly sNoise?: number | undefined
}

/**
 * The scheduler of one image's run.
 * @throws {RangeError} naming the rule and the value, on an unknown name or a step count or strength no run can have.
 */
export function createScheduler(options: SchedulerOptions): Scheduler {
  const noise = createNoiseSchedule(options.config)
  const all = createSteps(options.schedule, options.steps, noise)
  const levels = options.strength === undefined ? all : atStrength(all, options.strength)
  const { eta, sChurn = 0, sNoise = 1, sampler } = options
  switch (sampler) {
    case 'ddim':
      return createDdim(levels, noise, { eta: eta ?? 0 })
    case 'euler':
      return createEuler(levels, noise, { sChurn, sNoise })
    default:
      throw new RangeError(
        `Unknown sampler ${JSON.stringify(sampler satisfies never)}; known: ${SAMPLER_IDS.join(', ')}`,
      )
  }
}
