// An event stream takes a place among its person's and one among its address's, and gives both back when it ends.
import type { Guards } from './guards.ts'

/** @throws DewpointError requests.too-many */
export function takeStream(guards: Guards, userId: string, address: string): Disposable {
  const leavePerson = guards.personStreams.take(userId)
  try {
    const leaveAddress = guards.addressStreams.take(address)
    return {
      [Symbol.dispose]() {
        leavePerson()
        leaveAddress()
      },
    }
  } catch (error) {
    leavePerson()
    throw error
  }
}
