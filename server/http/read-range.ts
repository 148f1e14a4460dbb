// The Range header of a request for one file (RFC 9110, section 14): one range of bytes. Several at once are answered as if none had
// been asked for, which the standard allows.

export interface ByteRange {
  /** First and last byte, both included. */
  readonly start: number
  readonly end: number
}

/** Undefined: answer with the whole file. */
export function readRange(header: string | null, sizeBytes: number): ByteRange | 'unsatisfiable' | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined
  if (first === '') {
    // `-n`: the last n bytes.
    const length = Math.min(Number(last), sizeBytes)
    return length === 0 ? 'unsatisfiable' : { start: sizeBytes - length, end: sizeBytes - 1 }
  }
  const start = Number(first)
  if (last !== '' && Number(last) < start) return undefined
  if (start >= sizeBytes) return 'unsatisfiable'
  return { start, end: last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1) }
}
