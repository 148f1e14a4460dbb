// Reads the files training/make_golden.py wrote beside this one.
import { readFileSync } from 'node:fs'

export function readGolden<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8')) as T
}

/** float32 values packed little-endian in base64. */
export function unpack(base64: string): Float32Array {
  const bytes = Buffer.from(base64, 'base64')
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(i * 4))
}

/** Largest difference between two vectors over the largest reference value. */
export function relativeError(values: ArrayLike<number>, reference: ArrayLike<number>): number {
  let difference = 0
  let size = 0
  if (values.length !== reference.length) return Number.POSITIVE_INFINITY
  for (let i = 0; i < reference.length; i++) {
    difference = Math.max(difference, Math.abs(Number(values[i]) - Number(reference[i])))
    size = Math.max(size, Math.abs(Number(reference[i])))
  }
  return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference / size
}
