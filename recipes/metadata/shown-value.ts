// A recipe's value as people read it: in the report on a picture, and beside a picture of one's own.
import { SAMPLERS, type SamplerId, SCHEDULES, type ScheduleId } from '#contracts/samplers.ts'
import type { RecipeField, RecipeFields } from './recipe-report.ts'

/** `value` is the field's own type. */
export function shownValue(field: RecipeField, value: unknown): string {
  if (field === 'sampler') return SAMPLERS[value as SamplerId].label
  if (field === 'schedule') return SCHEDULES[value as ScheduleId].label
  if (field === 'noise') return value === 'mt19937' ? 'as a CPU draws it' : 'as a graphics card draws it'
  if (field === 'sdeNoise') return value === 'torchsde-cpu' ? "torchsde's, on a CPU" : "torchsde's, on a graphics card"
  if (field === 'tiling') return value === 'xy' ? 'both ways' : value === 'x' ? 'left to right' : 'top to bottom'
  if (field === 'zeroTerminalSnr') return value === true ? 'on' : 'off'
  if (field === 'variation') {
    const { seed, strength } = value as NonNullable<RecipeFields['variation']>
    return `${seed} at ${strength}`
  }
  return String(value)
}
