// Who is signed in, and what is left of their day.
import { DewpointError } from '#contracts/errors.ts'
import type { MeDto } from '#contracts/generation.ts'
import { readAllowance } from '../allowance/read-allowance.ts'
import type { Deps } from '../deps.ts'

/** @throws DewpointError auth.required (the account is gone) */
export async function getMe(deps: Pick<Deps, 'db' | 'limits'>, input: { readonly userId: string }): Promise<MeDto> {
  const user = await deps.db.user.findUnique({ where: { id: input.userId } })
  if (user === null) throw new DewpointError('auth.required', `No user ${input.userId}`)
  const isGuest = user.isAnonymous === true
  const { used, limit, resetsAt } = await readAllowance(deps.db, deps.limits, { id: user.id, isGuest })
  return {
    id: user.id,
    isGuest,
    name: user.name,
    // A guest's address is a placeholder the auth library made up.
    email: isGuest ? null : user.email,
    allowance: { used, limit, resetsAt: resetsAt.toISOString() },
  }
}
