// A person's events from a place in the log on, and then as they happen, until `signal`. Queue positions are not in the log
// (every claim would rewrite everyone's); they are read while something waits and sent when they change.
import { type GenerationEvent, generationEventSchema } from '#contracts/generation.ts'
import type { Deps } from '../deps.ts'
import { readQueuePositions } from '../queue/read-queue-positions.ts'
import { JoinedReads } from './one-read-a-person.ts'
import { readEvents, readLogEnd } from './read-events.ts'

/** Looks at least this often while the LISTEN connection is up; only a lost notification needs it. */
const LOOK_EVERY_MS = 5_000
/** And this often while it is down, or while the person waits in the queue and positions change without events of theirs. */
const LOOK_EVERY_BUSY_MS = 1_000

export interface FollowedEvent {
  /** Place in the log to resume from. */
  readonly seq: string
  readonly event: GenerationEvent
}

const joinedEvents = new JoinedReads<Awaited<ReturnType<typeof readEvents>>>()
const joinedPositions = new JoinedReads<Awaited<ReturnType<typeof readQueuePositions>>>()

export async function* followEvents(
  deps: Pick<Deps, 'db' | 'notifications'>,
  input: { readonly userId: string; readonly lastEventId: string | null; readonly signal: AbortSignal },
): AsyncGenerator<FollowedEvent> {
  const { userId, signal } = input
  const subscription = deps.notifications.subscribe(`user:${userId}`)
  try {
    let seq = input.lastEventId === null ? await readLogEnd(deps.db, userId) : BigInt(input.lastEventId)
    let positions = new Map<string, number>()
    while (!signal.aborted) {
      const after = seq
      const rows = await joinedEvents.join(`${userId} ${seq}`, () => readEvents(deps.db, { userId, after }))
      for (const row of rows) {
        if (signal.aborted) return
        seq = row.seq
        yield { seq: String(seq), event: generationEventSchema.parse(row.payload) }
      }
      if (rows.length > 0) continue
      const now = await joinedPositions.join(userId, () => readQueuePositions(deps.db, { userId }))
      for (const [imageId, { generationId, position }] of now) {
        if (positions.get(imageId) === position) continue
        yield { seq: String(seq), event: { type: 'queued', generationId, imageId, queuePosition: position } }
      }
      positions = new Map([...now].map(([imageId, { position }]) => [imageId, position]))
      const isBusy = now.size > 0 || !deps.notifications.isListening
      await subscription.wait(isBusy ? LOOK_EVERY_BUSY_MS : LOOK_EVERY_MS, signal)
    }
  } catch (error) {
    // A process that is stopping takes its connections away under a read that had just begun.
    if (!signal.aborted) throw error
  } finally {
    subscription.close()
  }
}
