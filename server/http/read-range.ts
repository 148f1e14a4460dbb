// The Range header of a request for one file (RFC 9110, section 14): one range of bytes. Several at once are answered as if none had
// been asked for, which the standard allows.
import { parse, type Range } from 'range-parser'

/** range-parser's bit for a range outside of the file; its other bit says that a part of the header is no range. */
const UNSATISFIABLE = 2

/** First and last byte, both included. Undefined: answer with the whole file. */
export function readRange(header: string | null, sizeBytes: number): Range | 'unsatisfiable' | undefined {
  const { code, type, ranges } = parse(sizeBytes, header ?? '')
  if (type !== 'bytes') return undefined
  if (code === UNSATISFIABLE) return 'unsatisfiable'
  return code === 0 && ranges.length === 1 ? ranges[0] : undefined
}
