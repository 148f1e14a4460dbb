// What this browser remembers in localStorage: checked when it is read, as an older release may have written it, and given up
// quietly where storage is full or switched off. Then it holds as long as the page.
import type { z } from 'zod'
import type { PersistStorage } from 'zustand/middleware'

/** null: nothing that can be read is there. */
export function readStored<T>(key: string, schema: z.ZodType<T>): T | null {
  try {
    const parsed = schema.safeParse(JSON.parse(localStorage.getItem(key) ?? 'null'))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}

/** @param value null forgets it. */
export function writeStored(key: string, value: unknown): void {
  try {
    if (value === null) localStorage.removeItem(key)
    else localStorage.setItem(key, JSON.stringify(value))
  } catch {
    // See above.
  }
}

/** The storage of a zustand store whose whole state is one value of `schema`. */
export function storedAs<T>(schema: z.ZodType<T>): PersistStorage<T> {
  return {
    getItem: (key) => {
      const state = readStored(key, schema)
      return state === null ? null : { state }
    },
    setItem: (key, { state }) => writeStored(key, state),
    removeItem: (key) => writeStored(key, null),
  }
}
