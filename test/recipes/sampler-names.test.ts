import { describe, expect, test } from 'vitest'
import { SAMPLER_IDS, SAMPLERS, SCHEDULE_IDS, SCHEDULES } from '#contracts/samplers.ts'
import {
  findA1111Sampler,
  findSampler,
  resolveDiffusersScheduler,
  resolveSampler,
  resolveSchedule,
} from '#recipes/sampler-names.ts'

describe('resolveSampler', () => {
  test('knows every id and label of ours, alone and joined with every schedule', () => {
    for (const sampler of SAMPLER_IDS) {
      expect(resolveSampler(sampler)).toMatchObject({ sampler, schedule: 'automatic' })
      expect(resolveSampler(SAMPLERS[sampler].label)).toMatchObject({ sampler, schedule: 'automatic' })
      for (const schedule of SCHEDULE_IDS) {
        const { label } = SCHEDULES[schedule]
        expect(resolveSampler(SAMPLERS[sampler].label, label)).toMatchObject({ sampler, schedule })
        expect(resolveSampler(`${SAMPLERS[sampler].label} ${label}`)).toMatchObject({ sampler, schedule })
      }
    }
  })

  // A1111 before 1.9, and its short aliases.
  test.each([
    ['DPM++ 2M Karras', 'dpmpp-2m', 'karras'],
    ['DPM++ SDE Karras', 'dpmpp-sde', 'karras'],
    ['DPM++ 2M SDE Karras', 'dpmpp-2m-sde', 'karras'],
    ['DPM++ 2M SDE Exponential', 'dpmpp-2m-sde', 'exponential'],
    ['DPM++ 2M SDE Heun Karras', 'dpmpp-2m-sde-heun', 'karras'],
    ['DPM++ 2M SDE Heun Exponential', 'dpmpp-2m-sde-heun', 'exponential'],
    ['DPM++ 3M SDE Exponential', 'dpmpp-3m-sde', 'exponential'],
    ['DPM++ 2S a Karras', 'dpmpp-2s-a', 'karras'],
    ['DPM2 Karras', 'dpm2', 'karras'],
    ['DPM2 a Karras', 'dpm2-a', 'karras'],
    ['LMS Karras', 'lms', 'karras'],
    ['k_euler_a', 'euler-a', 'automatic'],
    ['k_euler_ancestral', 'euler-a', 'automatic'],
    ['k_dpm_2', 'dpm2', 'automatic'],
    ['k_dpm_2_a_ka', 'dpm2-a', 'karras'],
    ['k_dpmpp_2m_ka', 'dpmpp-2m', 'karras'],
    ['k_dpmpp_2m_sde_heun_exp', 'dpmpp-2m-sde-heun', 'exponential'],
    ['k_lms', 'lms', 'automatic'],
  ])('A1111’s %s is %s on %s', (name, sampler, schedule) => {
    expect(resolveSampler(name)).toMatchObject({ sampler, schedule })
  })

  test.each([
    ['euler_ancestral', 'normal', 'euler-a', 'normal'],
    ['dpm_2_ancestral', 'karras', 'dpm2-a', 'karras'],
    ['dpmpp_2s_ancestral', 'simple', 'dpmpp-2s-a', 'simple'],
    ['dpmpp_2m_sde_gpu', 'sgm_uniform', 'dpmpp-2m-sde', 'sgm-uniform'],
    ['dpmpp_2m_sde_heun_gpu', 'beta', 'dpmpp-2m-sde-heun', 'beta'],
    ['dpmpp_3m_sde_gpu', 'exponential', 'dpmpp-3m-sde', 'exponential'],
    ['dpmpp_sde_gpu', 'kl_optimal', 'dpmpp-sde', 'kl-optimal'],
    ['uni_pc', 'ddim_uniform', 'unipc', 'ddim'],
    ['uni_pc_bh2', 'simple', 'unipc', 'simple'],
    ['ddpm', 'normal', 'ddpm', 'normal'],
    ['deis', 'normal', 'deis', 'normal'],
    ['lcm', 'lcm', 'lcm', 'automatic'],
    ['dpmpp_2m', 'align_your_steps', 'dpmpp-2m', 'align-your-steps'],
  ])('ComfyUI’s and Fooocus’ %s with %s is %s on %s', (name, scheduler, sampler, schedule) => {
    expect(resolveSampler(name, scheduler)).toMatchObject({ sampler, schedule })
  })

  test.each([
    ['euler_k', 'euler', 'karras'],
    ['kdpm_2', 'dpm2', 'automatic'],
    ['kdpm_2_a_k', 'dpm2-a', 'karras'],
    ['dpmpp_2m_sde_k', 'dpmpp-2m-sde', 'karras'],
    ['pndm', 'plms', 'automatic'],
    ['unipc_k', 'unipc', 'karras'],
  ])('InvokeAI’s %s is %s on %s', (name, sampler, schedule) => {
    expect(resolveSampler(name)).toMatchObject({ sampler, schedule })
  })

  test.each(['DPM fast', 'DPM adaptive', 'er_sde', 'dpmpp_3m', 'euler_cfg_pp', 'heunpp2', '', 'karras'])(
    'refuses %j and lists the known',
    (name) => {
      expect(findSampler(name)).toBeUndefined()
      expect(() => resolveSampler(name)).toThrow(/Unknown sampler .*known: ddim \(DDIM\), .*tcd \(TCD\)/)
    },
  )

  test('knows a schedule alone, in any spelling', () => {
    expect(resolveSchedule('sgm_uniform')).toBe('sgm-uniform')
    expect(resolveSchedule('Align Your Steps')).toBe('align-your-steps')
    expect(() => resolveSchedule('linear_quadratic')).toThrow(/Unknown schedule "linear_quadratic"; known: automatic/)
  })

  test('refuses an unknown schedule and lists the known', () => {
    expect(findSampler('euler', 'linear_quadratic')).toBeUndefined()
    expect(() => resolveSampler('euler', 'linear_quadratic')).toThrow(
      /Unknown schedule "linear_quadratic"; known: automatic \(Automatic\), .*trailing/,
    )
  })
})

describe('findA1111Sampler runs a name as A1111 would', () => {
  test.each([
    ['DPM++ 2M', undefined, 'uniform'],
    ['DPM++ 2M', 'Automatic', 'karras'],
    ['DPM++ 3M SDE', 'Automatic', 'exponential'],
    ['Euler a', 'Automatic', 'uniform'],
    ['Euler a', 'SGM Uniform', 'sgm-uniform'],
    ['DPM++ 2M Karras', undefined, 'karras'],
    ['DDIM', undefined, 'ddim'],
    ['PLMS', 'Karras', 'ddim'],
    ['LCM', 'Automatic', 'automatic'],
  ])('%s with schedule type %s on %s', (name, scheduleType, schedule) => {
    expect(findA1111Sampler(name, scheduleType)).toMatchObject({ schedule })
  })

  test('and knows no name A1111 made up since', () => {
    expect(findA1111Sampler('Sampler of tomorrow')).toBeUndefined()
  })
})

describe('resolveDiffusersScheduler', () => {
  test.each([
    ['DDIMScheduler', { timestep_spacing: 'leading' }, 'ddim', 'leading', {}],
    ['PNDMScheduler', {}, 'plms', 'automatic', {}],
    ['EulerDiscreteScheduler', { use_karras_sigmas: true }, 'euler', 'karras', {}],
    [
      'EulerAncestralDiscreteScheduler',
      { rescale_betas_zero_snr: true },
      'euler-a',
      'automatic',
      { zeroTerminalSnr: true },
    ],
    ['KDPM2AncestralDiscreteScheduler', { use_exponential_sigmas: true }, 'dpm2-a', 'exponential', {}],
    ['DPMSolverMultistepScheduler', { use_beta_sigmas: true }, 'dpmpp-2m', 'beta', {}],
    ['DPMSolverMultistepScheduler', { algorithm_type: 'sde-dpmsolver++' }, 'dpmpp-2m-sde', 'automatic', {}],
    [
      'DPMSolverMultistepScheduler',
      { algorithm_type: 'sde-dpmsolver++', solver_type: 'heun' },
      'dpmpp-2m-sde-heun',
      'automatic',
      {},
    ],
    ['DPMSolverSinglestepScheduler', {}, 'dpmpp-2s-a', 'automatic', { eta: 0 }],
    ['DPMSolverSDEScheduler', {}, 'dpmpp-sde', 'automatic', {}],
    ['UniPCMultistepScheduler', { timestep_spacing: 'trailing' }, 'unipc', 'trailing', {}],
    ['DEISMultistepScheduler', {}, 'deis', 'automatic', {}],
    ['LCMScheduler', {}, 'lcm', 'automatic', {}],
    ['TCDScheduler', {}, 'tcd', 'automatic', {}],
  ])('%s %o is %s on %s', (className, config, sampler, schedule, options) => {
    expect(resolveDiffusersScheduler(className, config)).toEqual({ sampler, schedule, options })
  })

  test('refuses what has no equal here', () => {
    expect(() => resolveDiffusersScheduler('EDMEulerScheduler')).toThrow(
      /Unknown sampler "EDMEulerScheduler"; known: ddim/,
    )
    expect(() => resolveDiffusersScheduler('DPMSolverMultistepScheduler', { solver_order: 3 })).toThrow(
      /solver_order 2 .*got 3/,
    )
  })
})
