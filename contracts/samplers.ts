// The closed lists of samplers and noise schedules a recipe may name, with the sentence the Studio and the CLI show.
// Names and aliases of other programs are resolved in sampler-names.ts; the algorithms live in diffusion/schedulers/.

/** How a sampler walks from noise to picture; drives grouping in the Studio. */
export type SamplerGroup = 'deterministic' | 'ancestral' | 'sde' | 'few-step'

export interface SamplerFacts {
  /** Label as A1111 writes it, so that people and PNG metadata recognise it. */
  readonly label: string
  readonly group: SamplerGroup
  /** One plain sentence for people. */
  readonly summary: string
}

export const SAMPLERS = {
  ddim: {
    label: 'DDIM',
    group: 'deterministic',
    summary: 'The classic: even steps, the same picture every time.',
  },
  euler: {
    label: 'Euler',
    group: 'deterministic',
    summary: 'The simplest straight step along the noise curve; fast and predictable.',
  },
} as const satisfies Record<string, SamplerFacts>

export type SamplerId = keyof typeof SAMPLERS
export const SAMPLER_IDS = Object.keys(SAMPLERS) as [SamplerId, ...SamplerId[]]

export interface ScheduleFacts {
  readonly label: string
  readonly summary: string
}

export const SCHEDULES = {
  automatic: { label: 'Automatic', summary: 'The spacing the model was published with.' },
} as const satisfies Record<string, ScheduleFacts>

export type ScheduleId = keyof typeof SCHEDULES
export const SCHEDULE_IDS = Object.keys(SCHEDULES) as [ScheduleId, ...ScheduleId[]]
