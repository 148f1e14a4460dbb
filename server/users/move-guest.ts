// A guest signed up or in: everything of theirs becomes the account's, in one transaction, also while a job of theirs runs
// (workers write by image id) and while a request of theirs is on its way (it waits for the lock, then follows `linkedTo`).
import type { Db } from '../db/client.ts'
import { notify } from '../db/notifications.ts'
import { lockUser } from '../db/owner.ts'

/** Moving twice moves nothing the second time. */
export async function moveGuest(
  deps: { readonly db: Db },
  input: { readonly guestId: string; readonly accountId: string },
): Promise<void> {
  const { guestId, accountId } = input
  if (guestId === accountId) return
  await deps.db.$transaction(async (tx) => {
    await lockUser(tx, guestId)
    await lockUser(tx, accountId)
    await tx.$executeRaw`
      UPDATE generation
         SET user_id = ${accountId}::uuid,
             -- A key the account has used too stays the account's.
             idempotency_key = CASE WHEN EXISTS (
               SELECT 1 FROM generation theirs
                WHERE theirs.user_id = ${accountId}::uuid AND theirs.idempotency_key = generation.idempotency_key
             ) THEN NULL ELSE idempotency_key END
       WHERE user_id = ${guestId}::uuid`
    await tx.upload.updateMany({ where: { userId: guestId }, data: { userId: accountId } })
    await tx.deviceSaving.updateMany({ where: { userId: guestId }, data: { userId: accountId } })
    // What the guest used today counts in the account, else signing in would be a way to more.
    await tx.quotaCharge.updateMany({ where: { userId: guestId }, data: { userId: accountId } })
    await tx.user.update({ where: { id: guestId }, data: { linkedToId: accountId } })
    await tx.session.deleteMany({ where: { userId: guestId } })
    await notify(tx, `user:${accountId}`)
  })
}
