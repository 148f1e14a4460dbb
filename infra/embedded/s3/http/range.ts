// One byte range of an object. Several ranges, or a header that is no range, mean the whole object, as on S3.
import { parse, type Range } from 'range-parser'
import { S3Error } from './s3-error.ts'

/** First and last byte, both included; null: send the whole object. Throws InvalidRange where the range lies outside of it. */
export function readRange(header: string | undefined, sizeBytes: number): Range | null {
  const { code, type, ranges } = parse(sizeBytes, header ?? '')
  if (type !== 'bytes') return null
  if (code === UNSATISFIABLE) throw new S3Error('InvalidRange', 'The requested range is not satisfiable')
  return (code === 0 && ranges.length === 1 && ranges[0]) || null
}

/** range-parser's bit for a range outside of the object; its other bit says that a part of the header is no range. */
const UNSATISFIABLE = 2
