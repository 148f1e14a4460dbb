// From a schedule's name to the noise levels of a run.
import type { ScheduleId } from '#contracts/samplers.ts'
import type { NoiseSchedule } from '../noise-schedule.ts'
import { levelsFromTimesteps, type StepSchedule } from '../step-schedule.ts'
import { leadingTimesteps, linspaceTimesteps, trailingTimesteps } from './spaced.ts'

/**
 * The levels of a `steps`-step run. `automatic` is the spacing the model was published with.
 * @throws {RangeError} when there are more steps than training timesteps, or fewer than 1.
 */
export function createSteps(schedule: ScheduleId, steps: number, noise: NoiseSchedule): StepSchedule {
  const total = noise.config.numTrainTimesteps
  if (!Number.isInteger(steps) || steps < 1 || steps > total) {
    throw new RangeError(`Steps are a whole number from 1 to the model's ${total} training timesteps, got ${steps}`)
  }
  switch (schedule) {
    case 'automatic':
      return publishedSteps(noise, steps)
    default:
      throw new RangeError(`Unknown schedule ${JSON.stringify(schedule satisfies never)}`)
  }
}

function publishedSteps(noise: NoiseSchedule, steps: number): StepSchedule {
  const { timestepSpacing, numTrainTimesteps, stepsOffset } = noise.config
  switch (timestepSpacing) {
    case 'linspace':
      return levelsFromTimesteps(noise, linspaceTimesteps(steps, numTrainTimesteps))
    case 'leading': {
      const levels = levelsFromTimesteps(noise, leadingTimesteps(steps, numTrainTimesteps, stepsOffset))
      // It starts well below the noisiest timestep, so unit variance is scaled up whole, as diffusers does.
      return { ...levels, initialSigma: Math.sqrt(1 + levels.initialSigma ** 2) }
    }
    case 'trailing':
      return levelsFromTimesteps(noise, trailingTimesteps(steps, numTrainTimesteps))
    default:
      throw timestepSpacing satisfies never
  }
}
