// Reads a diffusers `scheduler_config.json` into the noise schedule it describes. Which sampler runs on it is the recipe's
// business, so `_class_name` only decides what a field left out means, as in diffusers.
import { z } from 'zod'
import type { NoiseScheduleConfig } from './scheduler.ts'

/** diffusers' per-class defaults where the classes disagree. Classes not named here default to linspace. */
const LEADING_BY_DEFAULT = new Set(['DDIMScheduler', 'DDPMScheduler', 'PNDMScheduler', 'LCMScheduler', 'TCDScheduler'])
const CLIPPING_BY_DEFAULT = new Set(['DDIMScheduler', 'DDPMScheduler'])

const rate = z.number().gt(0).lt(1)

const schedulerConfigSchema = z.looseObject({
  _class_name: z.string().optional(),
  num_train_timesteps: z.int().min(2).max(100_000).default(1000),
  beta_start: rate.default(0.0001),
  beta_end: rate.default(0.02),
  beta_schedule: z.enum(['linear', 'scaled_linear', 'squaredcos_cap_v2']).default('linear'),
  trained_betas: z.array(z.number().gt(0).max(1)).min(2).nullish(),
  prediction_type: z.enum(['epsilon', 'v_prediction', 'sample']).default('epsilon'),
  timestep_spacing: z.enum(['linspace', 'leading', 'trailing']).optional(),
  steps_offset: z.int().min(0).default(0),
  set_alpha_to_one: z.boolean().optional(),
  use_karras_sigmas: z.boolean().nullish(),
  use_exponential_sigmas: z.boolean().nullish(),
  use_beta_sigmas: z.boolean().nullish(),
  rescale_betas_zero_snr: z.boolean().default(false),
  clip_sample: z.boolean().optional(),
  thresholding: z.boolean().default(false),
})

/**
 * @param json the parsed contents of `scheduler/scheduler_config.json`.
 * @throws {RangeError} naming each field that is wrong, or that asks for something latents cannot have.
 */
export function parseSchedulerConfig(json: unknown): NoiseScheduleConfig {
  const result = schedulerConfigSchema.safeParse(json)
  if (!result.success) throw new RangeError(`scheduler_config.json: ${z.prettifyError(result.error)}`)
  const config = result.data
  const className = config._class_name ?? ''
  if (config.clip_sample ?? CLIPPING_BY_DEFAULT.has(className)) {
    throw new RangeError(
      'scheduler_config.json: clip_sample must be false; clipping is for pixel models, latents are not bounded',
    )
  }
  if (config.thresholding) {
    throw new RangeError('scheduler_config.json: thresholding must be false; it is for pixel models')
  }
  const betas = config.trained_betas ?? undefined
  return {
    numTrainTimesteps: betas?.length ?? config.num_train_timesteps,
    betaStart: config.beta_start,
    betaEnd: config.beta_end,
    betaSchedule: config.beta_schedule,
    ...(betas === undefined ? {} : { trainedBetas: betas }),
    predictionType: config.prediction_type,
    timestepSpacing: config.timestep_spacing ?? (LEADING_BY_DEFAULT.has(className) ? 'leading' : 'linspace'),
    ...publishedSchedule(config),
    stepsOffset: config.steps_offset,
    // PNDM alone ends at the first timestep's noise unless told otherwise.
    setAlphaToOne: config.set_alpha_to_one ?? className !== 'PNDMScheduler',
    rescaleBetasZeroSnr: config.rescale_betas_zero_snr,
  }
}

function publishedSchedule(
  config: z.output<typeof schedulerConfigSchema>,
): Pick<NoiseScheduleConfig, 'publishedSchedule'> {
  if (config.use_karras_sigmas) return { publishedSchedule: 'karras' }
  if (config.use_exponential_sigmas) return { publishedSchedule: 'exponential' }
  return config.use_beta_sigmas ? { publishedSchedule: 'beta' } : {}
}
