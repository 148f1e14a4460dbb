// How noise is spread over training time: betas, their cumulative products and the noise level σ = sqrt((1 - ᾱ) / ᾱ) they
// make. Shared by every sampler; which of these levels a run visits is decided in schedules/.
import type { NoiseScheduleConfig } from './scheduler.ts'

/** ᾱ given to the last timestep where zero terminal SNR would make σ infinite: σ = 4096, the step k-samplers start from. */
export const ALPHA_CUMPROD_MIN = 2 ** -24

export interface NoiseSchedule {
  readonly config: NoiseScheduleConfig
  /** ᾱ per training timestep, float64 [numTrainTimesteps], falling; the last is 0 under zero terminal SNR. */
  readonly alphasCumprod: Float64Array
  /** σ per training timestep, float64 [numTrainTimesteps], rising, always finite. */
  readonly sigmas: Float64Array
  /** σ at a training timestep; between two, interpolated in log σ as k-diffusion does. */
  sigmaAt(timestep: number): number
  /** The (fractional) training timestep of a σ, clamped to the range trained; the inverse of `sigmaAt`. */
  timestepAt(sigma: number): number
  /** ᾱ at a training timestep, exact where it is whole. */
  alphaCumprodAt(timestep: number): number
}

/** Builds the tables for one configuration. */
export function createNoiseSchedule(config: NoiseScheduleConfig): NoiseSchedule {
  const alphasCumprod = cumulativeAlphas(config)
  if (config.rescaleBetasZeroSnr) {
    rescaleToZeroTerminalSnr(alphasCumprod)
    // Noise prediction divides by sqrt(ᾱ), so it gets the smallest ᾱ instead of none; the other two take a true zero.
    if (config.predictionType === 'epsilon') alphasCumprod[alphasCumprod.length - 1] = ALPHA_CUMPROD_MIN
  }
  const sigmas = alphasCumprod.map((alpha) => sigmaOf(alpha === 0 ? ALPHA_CUMPROD_MIN : alpha))
  const logSigmas = sigmas.map(Math.log)
  const last = sigmas.length - 1

  const sigmaAt = (timestep: number): number => {
    const t = Math.min(Math.max(timestep, 0), last)
    const below = Math.floor(t)
    return Number.isInteger(t) ? at(sigmas, below) : Math.exp(interpolate(logSigmas, t))
  }
  return {
    config,
    alphasCumprod,
    sigmas,
    sigmaAt,
    timestepAt(sigma) {
      const logSigma = Math.log(sigma)
      if (logSigma <= at(logSigmas, 0)) return 0
      if (logSigma >= at(logSigmas, last)) return last
      const below = lastAtMost(logSigmas, logSigma)
      const low = at(logSigmas, below)
      return below + (logSigma - low) / (at(logSigmas, below + 1) - low)
    },
    alphaCumprodAt: (timestep) =>
      Number.isInteger(timestep) ? at(alphasCumprod, timestep) : alphaCumprodOf(sigmaAt(timestep)),
  }
}

/** σ = sqrt((1 - ᾱ) / ᾱ). */
export const sigmaOf = (alphaCumprod: number): number => Math.sqrt((1 - alphaCumprod) / alphaCumprod)
/** ᾱ = 1 / (1 + σ²). */
export const alphaCumprodOf = (sigma: number): number => 1 / (1 + sigma * sigma)

/** Linear interpolation in a table at a fractional index inside it. */
export function interpolate(table: Float64Array, index: number): number {
  const below = Math.min(Math.floor(index), table.length - 2)
  const weight = index - below
  return (1 - weight) * at(table, below) + weight * at(table, below + 1)
}

/** The value at an index that must exist. */
export function at(table: ArrayLike<number>, index: number): number {
  const value = table[index]
  if (value === undefined) throw new RangeError(`Index is 0 to ${table.length - 1}, got ${index}`)
  return value
}

/** Index of the last entry of a rising table that is at most `value`, which lies inside the table. */
function lastAtMost(table: Float64Array, value: number): number {
  let low = 0
  let high = table.length - 1
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (at(table, middle) <= value) low = middle
    else high = middle
  }
  return low
}

function cumulativeAlphas(config: NoiseScheduleConfig): Float64Array {
  const betas = config.trainedBetas === undefined ? formulaBetas(config) : Float64Array.from(config.trainedBetas)
  let product = 1
  return betas.map((beta) => {
    product *= 1 - beta
    return product
  })
}

function formulaBetas({
  numTrainTimesteps: count,
  betaStart,
  betaEnd,
  betaSchedule,
}: NoiseScheduleConfig): Float64Array {
  const spread = (from: number, to: number, i: number) => (count === 1 ? from : from + ((to - from) * i) / (count - 1))
  switch (betaSchedule) {
    case 'linear':
      return Float64Array.from({ length: count }, (_, i) => spread(betaStart, betaEnd, i))
    case 'scaled_linear':
      return Float64Array.from({ length: count }, (_, i) => spread(Math.sqrt(betaStart), Math.sqrt(betaEnd), i) ** 2)
    case 'squaredcos_cap_v2': {
      // Nichol & Dhariwal 2021: ᾱ follows a squared cosine, each beta capped so that the end stays stable.
      const alphaBar = (time: number) => Math.cos(((time + 0.008) / 1.008) * (Math.PI / 2)) ** 2
      return Float64Array.from({ length: count }, (_, i) =>
        Math.min(1 - alphaBar((i + 1) / count) / alphaBar(i / count), 0.999),
      )
    }
    default:
      throw betaSchedule satisfies never
  }
}

/** Shifts and scales sqrt(ᾱ) so that the last timestep is pure noise (Lin et al. 2023, arXiv 2305.08891, algorithm 1). */
function rescaleToZeroTerminalSnr(alphasCumprod: Float64Array): void {
  const first = Math.sqrt(at(alphasCumprod, 0))
  const last = Math.sqrt(at(alphasCumprod, alphasCumprod.length - 1))
  for (const [t, alpha] of alphasCumprod.entries()) {
    alphasCumprod[t] = ((Math.sqrt(alpha) - last) * (first / (first - last))) ** 2
  }
}
