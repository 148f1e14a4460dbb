// The samplers and schedules as `npm run generate -- --help` lists them: grouped, each with its sentence.
import {
  SAMPLER_GROUPS,
  SAMPLER_IDS,
  SAMPLERS,
  type SamplerGroup,
  SCHEDULE_IDS,
  SCHEDULES,
} from '#contracts/samplers.ts'

const NAME_WIDTH = 20

const line = (name: string, summary: string) => `  ${name.padEnd(NAME_WIDTH)}${summary}`

export function samplersHelp(): string {
  const groups = (Object.keys(SAMPLER_GROUPS) as SamplerGroup[]).map((group) => {
    const { label, summary } = SAMPLER_GROUPS[group]
    const samplers = SAMPLER_IDS.filter((id) => SAMPLERS[id].group === group)
    return [`${label}: ${summary}`, ...samplers.map((id) => line(id, SAMPLERS[id].summary))].join('\n')
  })
  const schedules = SCHEDULE_IDS.map((id) => line(id, SCHEDULES[id].summary))
  return ['Samplers', ...groups, ['Schedules', ...schedules].join('\n')].join('\n\n')
}
