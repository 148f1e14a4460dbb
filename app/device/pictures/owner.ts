// Whose pictures this browser makes: the person signed in, also when no server can be asked. A guest who becomes an account
// takes what they made along.
import type { MeDto } from '#contracts/generation.ts'

const STORAGE_KEY = 'dewpoint.owner'

export interface Owner {
  readonly id: string
  readonly isGuest: boolean
}

/** Who was here when the server was last asked; null: nobody. */
export function lastOwner(): Owner | null {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(STORAGE_KEY) ?? 'null')
    return isOwner(stored) ? stored : null
  } catch {
    return null
  }
}

/** Remembers who is here. @returns the guest that this account was until now, if it was one. */
export function rememberOwner(me: Pick<MeDto, 'id' | 'isGuest'> | null): string | null {
  const before = lastOwner()
  try {
    if (me === null) localStorage.removeItem(STORAGE_KEY)
    else localStorage.setItem(STORAGE_KEY, JSON.stringify({ id: me.id, isGuest: me.isGuest }))
  } catch {
    // Storage switched off: then nothing outlives this page anyway.
  }
  // Guests cannot sign out: whoever comes after one is the account they became.
  return before?.isGuest === true && me !== null && me.id !== before.id ? before.id : null
}

function isOwner(value: unknown): value is Owner {
  if (value === null || typeof value !== 'object') return false
  return 'id' in value && typeof value.id === 'string' && 'isGuest' in value && typeof value.isGuest === 'boolean'
}
