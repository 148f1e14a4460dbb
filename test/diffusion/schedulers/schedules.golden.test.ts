// Every schedule against training/golden/make_golden.py's float64 tables, which were themselves compared with
// diffusers and k-diffusion.
import { describe, expect, test } from 'vitest'
import type { ScheduleId } from '#contracts/samplers.ts'
import { createNoiseSchedule } from '#diffusion/schedulers/noise-schedule.ts'
import { parseSchedulerConfig } from '#diffusion/schedulers/scheduler-config.ts'
import { createSteps, type Placement } from '#diffusion/schedulers/schedules/index.ts'
import { readGolden, unpack } from '#test/golden/read-golden.ts'

const golden = readGolden<{ configs: Record<string, { config: object; levels: Record<string, string> }> }>(
  'schedules.json',
)

/** The file holds float32; both sides are float64. */
const TOLERANCE = 2e-7

describe.each(Object.entries(golden.configs))('on the %s noise schedule', (_name, { config, levels }) => {
  const noise = createNoiseSchedule(parseSchedulerConfig(config))

  test.each(Object.entries(levels))('%s steps visit the reference’s levels', (label, packed) => {
    const [schedule, count, placement = 'whole'] = label.split(' ') as [ScheduleId, string, Placement | undefined]
    const steps = createSteps(schedule, Number(count), noise, { alignYourSteps: 'sd', placement })
    const expected = unpack(packed)
    const half = expected.length / 2
    expect(steps.steps).toBe(half)
    for (let i = 0; i < half; i++) {
      const sigma = Number(expected[i])
      const timestep = Number(expected[half + i])
      expect(Math.abs(Number(steps.sigmas[i]) / sigma - 1), `σ ${i}`).toBeLessThan(TOLERANCE)
      expect(Math.abs(Number(steps.timesteps[i]) - timestep), `timestep ${i}`).toBeLessThan(1e-4)
    }
    const end = Number(steps.sigmas[half])
    expect(end).toBe(schedule === 'kl-optimal' ? end : 0)
  })
})

test('polyexponential bends with ρ: 1 is exponential, above it more steps are at low noise', () => {
  const { config } = golden.configs.sd ?? { config: {} }
  const noise = createNoiseSchedule(parseSchedulerConfig(config))
  const sigmas = (schedule: ScheduleId, rho?: number) =>
    createSteps(schedule, 9, noise, { alignYourSteps: 'sd', placement: 'whole', rho }).sigmas
  const middle = (schedule: ScheduleId, rho?: number) => Number(sigmas(schedule, rho)[4])
  expect(middle('polyexponential', 1)).toBeCloseTo(middle('exponential'), 12)
  expect(middle('polyexponential', 2)).toBeLessThan(middle('exponential'))
  expect(middle('karras', 3)).not.toBe(middle('karras'))
  expect(Number(sigmas('polyexponential', 2)[0])).toBeCloseTo(14.6146, 4)
})

test('Align Your Steps at its published count is the published table', () => {
  const { config } = golden.configs.sd ?? { config: {} }
  const noise = createNoiseSchedule(parseSchedulerConfig(config))
  const steps = createSteps('align-your-steps', 11, noise, { alignYourSteps: 'sdxl', placement: 'whole' })
  expect([...steps.sigmas]).toEqual([14.615, 6.315, 3.771, 2.181, 1.342, 0.862, 0.555, 0.38, 0.234, 0.113, 0.029, 0])
})
