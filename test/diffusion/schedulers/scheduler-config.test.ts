import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseSchedulerConfig } from '#diffusion/schedulers/scheduler-config.ts'

test('reads the embedded first model’s config', () => {
  const json = readFileSync(
    new URL('../../../models/dewpoint/scheduler/scheduler_config.json', import.meta.url),
    'utf8',
  )
  expect(parseSchedulerConfig(JSON.parse(json))).toEqual({
    numTrainTimesteps: 1000,
    betaStart: 0.00085,
    betaEnd: 0.012,
    betaSchedule: 'scaled_linear',
    predictionType: 'v_prediction',
    timestepSpacing: 'trailing',
    stepsOffset: 0,
    setAlphaToOne: true,
    rescaleBetasZeroSnr: false,
  })
})

test.each([
  ['PNDMScheduler', 'leading', false],
  ['LCMScheduler', 'leading', true],
  ['EulerDiscreteScheduler', 'linspace', true],
])('%s means what diffusers means by fields left out', (className, timestepSpacing, setAlphaToOne) => {
  expect(parseSchedulerConfig({ _class_name: className, skip_prk_steps: true })).toMatchObject({
    timestepSpacing,
    setAlphaToOne,
    betaStart: 0.0001,
    betaEnd: 0.02,
    betaSchedule: 'linear',
    predictionType: 'epsilon',
  })
})

test('knows the σ schedule a model was published with', () => {
  expect(parseSchedulerConfig({ use_karras_sigmas: true })).toMatchObject({ publishedSchedule: 'karras' })
  expect(parseSchedulerConfig({ use_beta_sigmas: true })).toMatchObject({ publishedSchedule: 'beta' })
  expect(parseSchedulerConfig({ use_karras_sigmas: false })).not.toHaveProperty('publishedSchedule')
})

test('takes betas that a config carries itself', () => {
  const config = parseSchedulerConfig({ trained_betas: [0.1, 0.2, 0.3] })
  expect(config).toMatchObject({ trainedBetas: [0.1, 0.2, 0.3], numTrainTimesteps: 3 })
})

test.each([
  [{ beta_schedule: 'sigmoid' }, /beta_schedule/],
  [{ prediction_type: 'flow_prediction' }, /prediction_type/],
  [{ beta_start: 2 }, /beta_start/],
  [{ timestep_spacing: 'even' }, /timestep_spacing/],
  [{ clip_sample: true }, /clip_sample must be false/],
  [{ _class_name: 'DDIMScheduler' }, /clip_sample must be false/],
  [{ thresholding: true }, /thresholding must be false/],
  ['not an object', /scheduler_config.json/],
])('refuses %o and says which field', (json, message) => {
  expect(() => parseSchedulerConfig(json)).toThrow(message)
  expect(() => parseSchedulerConfig(json)).toThrow(RangeError)
})
