// Adds to the append-only log and announces it. The caller holds the owner's lock (db/owner.ts), taken before this runs:
// numbers of one person are then drawn and committed in the same order, and a reader who has seen n has seen all below n.
import type { GenerationEvent } from '#contracts/generation.ts'
import type { Tx } from '../db/client.ts'
import { notify } from '../db/notifications.ts'

export async function appendEvent(tx: Tx, ownerId: string, event: GenerationEvent): Promise<void> {
  await tx.generationEvent.create({
    data: {
      generationId: event.generationId,
      imageId: event.type === 'image' ? event.image.id : event.type === 'deleted' ? null : event.imageId,
      type: event.type,
      payload: event,
    },
    select: { seq: true },
  })
  await notify(tx, `user:${ownerId}`)
}
