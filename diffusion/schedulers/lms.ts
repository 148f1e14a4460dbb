// Linear multistep (Adams-Bashforth with uneven steps) of up to fourth order on the probability-flow ODE, σ as time: the
// slopes of the last four calls make a cubic, and its integral is the step. After k-diffusion's sample_lms. Variance exploding.
import { recall } from './history.ts'
import { at, type NoiseSchedule } from './noise-schedule.ts'
import { originalFromVe } from './prediction.ts'
import { varianceExploding } from './scaling.ts'
import type { Scheduler, SchedulerHistory } from './scheduler.ts'
import { oneCallPerStep, type StepSchedule } from './step-schedule.ts'
import { combine, combine2 } from './vector.ts'

const ORDER = 4

export function createLms(levels: StepSchedule, noise: NoiseSchedule): Scheduler {
  const { predictionType } = noise.config
  const calls = oneCallPerStep(levels)
  /** Slopes (x - x₀)/σ of the calls before, newest first, at most ORDER - 1. */
  let history: SchedulerHistory = []
  return {
    calls,
    initNoiseSigma: levels.initialSigma,
    ...varianceExploding(calls),
    step({ modelOutput, index, sample }) {
      const sigma = at(levels.sigmas, index)
      const denoised = originalFromVe(predictionType, sigma, sample, modelOutput)
      const slope = combine2(1 / sigma, sample, -1 / sigma, denoised)
      const order = Math.min(index + 1, ORDER)
      const nodes = Array.from({ length: order }, (_, j) => at(levels.sigmas, index - j))
      const weight = (j: number) => integrateLagrange(nodes, j, sigma, at(levels.sigmas, index + 1))
      // x + Σ wⱼ·dⱼ, with this call's slope written out so that no large terms cancel.
      const own = weight(0) / sigma
      const terms: [number, Float32Array][] = [
        [1 + own, sample],
        [-own, denoised],
      ]
      for (let j = 1; j < order; j++) terms.push([weight(j), recall(history, j - 1)])
      history = [slope, ...history].slice(0, ORDER - 1)
      return { sample: combine(terms), predictedOriginal: denoised }
    },
    get history() {
      return history
    },
    restore(saved) {
      history = saved
    },
  }
}

/** ∫ of the Lagrange polynomial that is 1 at node j and 0 at the others; two Gauss-Legendre points are exact up to cubics. */
function integrateLagrange(nodes: readonly number[], j: number, from: number, to: number): number {
  const polynomial = (x: number) =>
    nodes.reduce((product, node, k) => (k === j ? product : (product * (x - node)) / (at(nodes, j) - node)), 1)
  const middle = (from + to) / 2
  const reach = (to - from) / 2
  return reach * (polynomial(middle - reach / Math.sqrt(3)) + polynomial(middle + reach / Math.sqrt(3)))
}
