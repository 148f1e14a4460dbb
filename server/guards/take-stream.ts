// An event stream takes a place among its person's and one among its address's, and gives both back when it ends.
import type { Places } from './places.ts'

interface Streams {
  readonly personStreams: Places
  readonly addressStreams: Places
}

/** @throws DewpointError requests.too-many */
export function takeStream(streams: Streams, userId: string, address: string): Disposable {
  const leavePerson = streams.personStreams.take(userId)
  try {
    const leaveAddress = streams.addressStreams.take(address)
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
