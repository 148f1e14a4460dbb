// Whose pictures this browser makes: the person signed in, also when no server can be asked. A guest who becomes an account
// takes what they made along.
import { z } from 'zod'
import { readStored, writeStored } from '#app/offline/browser-storage.ts'
import type { MeDto } from '#contracts/generation.ts'

const STORAGE_KEY = 'dewpoint.owner'

const ownerSchema = z.object({ id: z.string(), isGuest: z.boolean() })
export type Owner = Readonly<z.infer<typeof ownerSchema>>

/** Who was here when the server was last asked; null: nobody. */
export const lastOwner = (): Owner | null => readStored(STORAGE_KEY, ownerSchema)

/** Remembers who is here. @returns the guest that this account was until now, if it was one. */
export function rememberOwner(me: Pick<MeDto, 'id' | 'isGuest'> | null): string | null {
  const before = lastOwner()
  writeStored(STORAGE_KEY, me === null ? null : { id: me.id, isGuest: me.isGuest })
  // Guests cannot sign out: whoever comes after one is the account they became.
  return before?.isGuest === true && me !== null && me.id !== before.id ? before.id : null
}
