// Numbers in English sentences.

/** `many` holds a # where the number goes. */
export const count = (n: number, one: string, many: string): string => (n === 1 ? one : many.replace('#', String(n)))

/** 850 kB, 18 MB, 1.2 GB: two figures where they say something. */
export function size(bytes: number): string {
  // Something is never nothing.
  if (bytes < 1e6) return `${bytes === 0 ? 0 : Math.max(1, Math.round(bytes / 1e3))} kB`
  if (bytes < 1e9) return `${(bytes / 1e6).toLocaleString('en', { maximumFractionDigits: bytes < 1e7 ? 1 : 0 })} MB`
  return `${(bytes / 1e9).toLocaleString('en', { maximumFractionDigits: 1 })} GB`
}
