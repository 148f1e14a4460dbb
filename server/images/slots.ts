// Whose picture is decoded when: two at once in all, one at a time of each person, and what is waited for holds no bytes yet.
import { Turns } from '../guards/turns.ts'

/** Two pictures at most: each may take 1.5 GiB before its process ends itself. */
const everybody = new Turns({ what: 'Pictures being read', running: 2, waiting: 200 })
/** One person's wait for one another, so that another's newcomer waits for one picture of theirs at most. */
const people = new Turns({ what: 'Pictures of yours being read', running: 1, waiting: 20 })

/** @throws DewpointError requests.too-many; the signal's reason when the person hung up before their turn. */
export function inImageSlot<T>(userId: string, job: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  return people.run(userId, () => everybody.run('all', job, signal), signal)
}
