// Which of a recipe's optional settings a sampler or schedule takes, and what an absent one means. A form shows only these; a recipe
// may hold any, since what a sampler does not take changes nothing. Held to the samplers themselves by a test.
import type { SamplerId, ScheduleId } from './samplers.ts'

export type SamplerOption = 'eta' | 'sChurn' | 'sNoise' | 'sdeNoise'

/** Published default of each sampler that takes `eta`. */
const ETA: Partial<Record<SamplerId, number>> = {
  ddim: 0,
  'ddim-cfg-pp': 0,
  'euler-a': 1,
  'dpm2-a': 1,
  'dpmpp-2s-a': 1,
  'dpmpp-sde': 1,
  'dpmpp-2m-sde': 1,
  'dpmpp-2m-sde-heun': 1,
  'dpmpp-3m-sde': 1,
  tcd: 0.3,
}
const CHURNED: ReadonlySet<SamplerId> = new Set<SamplerId>(['euler', 'heun', 'dpm2'])
const SDE: ReadonlySet<SamplerId> = new Set<SamplerId>([
  'dpmpp-sde',
  'dpmpp-2m-sde',
  'dpmpp-2m-sde-heun',
  'dpmpp-3m-sde',
])
/** Scaled by sNoise: whatever draws fresh noise but DDIM, DDIM CFG++ and TCD, whose noise eta alone decides. */
const SCALED: ReadonlySet<SamplerId> = new Set<SamplerId>([
  ...CHURNED,
  ...SDE,
  'euler-a',
  'dpm2-a',
  'dpmpp-2s-a',
  'ddpm',
  'restart',
  'lcm',
])
/** ρ where a recipe has none, by schedule that bends. */
const RHO: Partial<Record<ScheduleId, number>> = { karras: 7, polyexponential: 1 }

/** undefined: this sampler takes no eta. */
export const defaultEta = (sampler: SamplerId): number | undefined => ETA[sampler]
/** undefined: this schedule has no ρ. */
export const defaultRho = (schedule: ScheduleId): number | undefined => RHO[schedule]

export function takesOption(sampler: SamplerId, option: SamplerOption): boolean {
  switch (option) {
    case 'eta':
      return ETA[sampler] !== undefined
    case 'sChurn':
      return CHURNED.has(sampler)
    case 'sNoise':
      return SCALED.has(sampler)
    case 'sdeNoise':
      return SDE.has(sampler)
    default:
      return option satisfies never
  }
}
