// One byte range. Several ranges, or a header that is no range, mean the whole object, as on S3.
import { S3Error } from './s3-error.ts'

export interface ByteRange {
  readonly start: number
  /** Included. */
  readonly end: number
}

/** null: send the whole object. Throws InvalidRange where the range lies outside of it. */
export function parseRange(header: string | undefined, sizeBytes: number): ByteRange | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '')
  const [first = '', last = ''] = match?.slice(1) ?? []
  if (first === '' && last === '') return null
  if (first === '') {
    const length = Math.min(Number(last), sizeBytes)
    if (length === 0) throw invalid()
    return { start: sizeBytes - length, end: sizeBytes - 1 }
  }
  const start = Number(first)
  if (last !== '' && Number(last) < start) return null
  if (start >= sizeBytes) throw invalid()
  return { start, end: last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1) }
}

const invalid = (): S3Error => new S3Error('InvalidRange', 'The requested range is not satisfiable')
