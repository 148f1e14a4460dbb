// The closed lists of samplers and noise schedules a recipe may name, with the sentence the Studio and the CLI show.
// Names and aliases of other programs are resolved in sampler-names.ts; the algorithms live in diffusion/schedulers/.

/** How a sampler walks from noise to picture; drives grouping in the Studio. */
export type SamplerGroup = 'deterministic' | 'ancestral' | 'sde' | 'few-step'

/** Groups in the order people see them, with their heading and one plain sentence. */
export const SAMPLER_GROUPS = {
  deterministic: { label: 'Steady', summary: 'More steps sharpen the same picture.' },
  ancestral: {
    label: 'Lively',
    summary: 'Fresh noise after every step, so the picture keeps changing with the step count.',
  },
  sde: { label: 'Detailed', summary: 'Fresh noise, carefully weighed: rich texture at few steps.' },
  'few-step': { label: 'Few steps', summary: 'For models distilled to need only two to eight steps.' },
} as const satisfies Record<SamplerGroup, { label: string; summary: string }>

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
  'ddim-cfg-pp': {
    label: 'DDIM CFG++',
    group: 'deterministic',
    summary: 'DDIM that stays natural when the prompt is followed closely.',
  },
  plms: {
    label: 'PLMS',
    group: 'deterministic',
    summary: 'Remembers its last four steps; the first Stable Diffusion shipped with it.',
  },
  euler: {
    label: 'Euler',
    group: 'deterministic',
    summary: 'The simplest straight step along the noise curve; fast and predictable.',
  },
  heun: {
    label: 'Heun',
    group: 'deterministic',
    summary: 'Looks where each step lands and corrects it; twice the work, more precise.',
  },
  lms: {
    label: 'LMS',
    group: 'deterministic',
    summary: 'Bends each step along its last four; wants 20 steps or more.',
  },
  dpm2: {
    label: 'DPM2',
    group: 'deterministic',
    summary: 'Steers each step by a look half way down; twice the work per step.',
  },
  'dpmpp-2m': {
    label: 'DPM++ 2M',
    group: 'deterministic',
    summary: 'Very good in 20 to 30 steps at one look per step; a fine everyday choice.',
  },
  unipc: {
    label: 'UniPC',
    group: 'deterministic',
    summary: 'Predicts, then corrects at no extra cost; good from ten steps on.',
  },
  deis: {
    label: 'DEIS',
    group: 'deterministic',
    summary: 'Solves the noise curve almost exactly between steps; good from ten steps on.',
  },
  'euler-a': {
    label: 'Euler a',
    group: 'ancestral',
    summary: 'Euler with fresh noise each step; soft, varied, forgiving.',
  },
  'dpm2-a': {
    label: 'DPM2 a',
    group: 'ancestral',
    summary: 'DPM2 with fresh noise each step; twice the work per step.',
  },
  'dpmpp-2s-a': {
    label: 'DPM++ 2S a',
    group: 'ancestral',
    summary: 'Precise steps with fresh noise between them; twice the work per step.',
  },
  ddpm: {
    label: 'DDPM',
    group: 'ancestral',
    summary: 'The original diffusion walk; wants many steps.',
  },
  restart: {
    label: 'Restart',
    group: 'ancestral',
    summary: 'Near the end it goes back up once or twice to wash out mistakes; from 20 steps on.',
  },
  'dpmpp-sde': {
    label: 'DPM++ SDE',
    group: 'sde',
    summary: 'Crisp at 10 to 15 steps; twice the work per step.',
  },
  'dpmpp-2m-sde': {
    label: 'DPM++ 2M SDE',
    group: 'sde',
    summary: 'DPM++ 2M with fresh noise; crisp, one look per step.',
  },
  'dpmpp-2m-sde-heun': {
    label: 'DPM++ 2M SDE Heun',
    group: 'sde',
    summary: 'DPM++ 2M SDE with a gentler correction; a little softer.',
  },
  'dpmpp-3m-sde': {
    label: 'DPM++ 3M SDE',
    group: 'sde',
    summary: 'Remembers three steps; best at 30 steps and more, with low guidance.',
  },
  lcm: {
    label: 'LCM',
    group: 'few-step',
    summary: 'Two to eight steps, for latent consistency models.',
  },
  tcd: {
    label: 'TCD',
    group: 'few-step',
    summary: 'Two to eight steps with more detail than LCM, for models distilled that way.',
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
  uniform: { label: 'Uniform', summary: 'Even steps through training time, both ends included.' },
  karras: { label: 'Karras', summary: 'Most steps at low noise, where fine detail forms.' },
  exponential: { label: 'Exponential', summary: 'Each step removes the same share of the noise.' },
  polyexponential: { label: 'Polyexponential', summary: 'Exponential that can lean towards either end.' },
  'sgm-uniform': { label: 'SGM Uniform', summary: 'Even steps from full noise that stop one step before clean.' },
  'kl-optimal': { label: 'KL Optimal', summary: 'Steps placed by theory to lose the least information.' },
  'align-your-steps': {
    label: 'Align Your Steps',
    summary: 'Steps tuned on Stable Diffusion; made for about ten of them.',
  },
  simple: { label: 'Simple', summary: 'Even steps from full noise, whole training steps only.' },
  normal: { label: 'Normal', summary: 'Another name for uniform, kept because other programs use it.' },
  ddim: { label: 'DDIM', summary: 'Even steps counted from the clean end, as the first DDIM did.' },
  beta: { label: 'Beta', summary: 'Many steps at both ends, few in the middle.' },
  linspace: { label: 'Linspace', summary: 'Uniform as the diffusers library places it.' },
  leading: { label: 'Leading', summary: 'Even steps counted from the clean end; never starts from full noise.' },
  trailing: { label: 'Trailing', summary: 'Even steps counted from full noise; best for few steps.' },
} as const satisfies Record<string, ScheduleFacts>

export type ScheduleId = keyof typeof SCHEDULES
export const SCHEDULE_IDS = Object.keys(SCHEDULES) as [ScheduleId, ...ScheduleId[]]
