// What every benchmark reports, and the few statistics they share.

/** Measures and reports; `options` are the words after its name. */
export type Benchmark = (options: readonly string[]) => Promise<Row[]>

export interface Row {
  readonly what: string
  readonly median: number
  readonly unit: string
  readonly runs: number
  /** Lowest and highest of the runs. */
  readonly spread: string
  /** What it is held against; absent where it is only known. */
  readonly target?: string
  readonly met?: boolean
}

export interface RowOptions {
  readonly what: string
  readonly values: readonly number[]
  readonly unit: string
  /** Met when the median is at most this. */
  readonly atMost?: number
}

export function row({ what, values, unit, atMost }: RowOptions): Row {
  const middle = median(values)
  return {
    what,
    median: round(middle),
    unit,
    runs: values.length,
    spread: `${round(Math.min(...values))} to ${round(Math.max(...values))}`,
    ...(atMost === undefined ? {} : { target: `≤ ${atMost}`, met: middle <= atMost }),
  }
}

export const median = (values: readonly number[]) => percentile(values, 0.5)

/** Nearest rank; of an even number of values the upper middle one. */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError('There is no percentile of nothing')
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}

const round = (value: number) => (value >= 100 ? Math.round(value) : Number(value.toPrecision(3)))
