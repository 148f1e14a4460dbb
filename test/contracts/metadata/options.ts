// Options of readRecipe for tests: no models installed, samplers by the names the fixtures use.
import type { ReadRecipeOptions, ResolveSampler } from '#contracts/metadata/read-recipe.ts'
import { SAMPLER_IDS, SAMPLERS, type SamplerId, SCHEDULE_IDS, SCHEDULES, type ScheduleId } from '#contracts/samplers.ts'

const ALIASES: Record<string, SamplerId> = {
  euler_a: 'euler-a',
  k_euler_ancestral: 'euler-a',
  dpmpp_2m: 'dpmpp-2m',
  dpmpp_2m_sde: 'dpmpp-2m-sde',
  dpmpp_2m_sde_gpu: 'dpmpp-2m-sde',
  k_lms: 'lms',
}
const plain = (name: string) => name.toLowerCase()
const schedule = (name: string): ScheduleId | undefined =>
  SCHEDULE_IDS.find((id) => id === plain(name) || plain(SCHEDULES[id].label) === plain(name))
const sampler = (name: string): SamplerId | undefined =>
  ALIASES[name] ?? SAMPLER_IDS.find((id) => id === name || plain(SAMPLERS[id].label) === plain(name))

const samplers: ResolveSampler = (name, scheduleName) => {
  const found = sampler(name)
  if (found !== undefined)
    return {
      sampler: found,
      schedule: scheduleName === undefined ? 'automatic' : (schedule(scheduleName) ?? 'automatic'),
    }
  const joined = /^(.*)[ _](karras|exponential|k)$/i.exec(name)
  const before = sampler(joined?.[1] ?? '')
  return before && { sampler: before, schedule: schedule(joined?.[2] ?? '') ?? 'karras' }
}

export const options: ReadRecipeOptions = { knownModels: [], samplers }
