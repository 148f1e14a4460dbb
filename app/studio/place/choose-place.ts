// Where a picture is made when the person leaves it open, and why, in one line for them. Pure: everything it knows is given.

export const PLACES = ['auto', 'server', 'device'] as const
export type Place = (typeof PLACES)[number]

export interface PlaceFacts {
  readonly online: boolean
  /** Pictures asked for with this click. */
  readonly count: number
  /** Pictures left of today's allowance; null while it is not known, or nobody is signed in. */
  readonly left: number | null
  readonly workers: number
  /** Until the click's last picture; null: never measured, or nobody there to make it. */
  readonly serverSeconds: number | null
  /** Something in the draft that only the server can do; null: nothing. */
  readonly serverOnly: 'input' | 'networks' | null
  readonly device:
    | { readonly kind: 'unknown' }
    | { readonly kind: 'unfit'; readonly reason: string }
    | { readonly kind: 'fits'; readonly downloadBytes: number; readonly seconds: number | null }
}

export type ChosenPlace = 'server' | 'device'

/** Named by reason, so that the words are the catalogue's. */
export type Why =
  | 'offline'
  | 'server-only'
  | 'unfit'
  | 'allowance'
  | 'no-worker'
  | 'nobody-ready'
  | 'not-downloaded'
  | 'not-measured'
  | 'device-faster'
  | 'device-free'
  | 'server-faster'
  | 'looking'

/** How much longer the device may take before its being free does not outweigh the wait. */
const FREE_IS_WORTH = 1.5

export function choosePlace(facts: PlaceFacts): { readonly place: ChosenPlace; readonly why: Why } {
  const { device, serverSeconds } = facts
  if (facts.serverOnly !== null) return { place: 'server', why: 'server-only' }
  if (device.kind === 'unknown') return { place: 'server', why: 'looking' }
  if (device.kind === 'unfit') return { place: 'server', why: 'unfit' }
  // What follows is about a device that can; whether it already has the model decides how eager to be.
  const isReady = device.downloadBytes === 0
  if (!facts.online && isReady) return { place: 'device', why: 'offline' }
  if (facts.left !== null && facts.left < facts.count) return { place: 'device', why: 'allowance' }
  // A worker may be back in a moment; a download is for the person to decide on.
  if (facts.workers === 0)
    return isReady ? { place: 'device', why: 'no-worker' } : { place: 'server', why: 'nobody-ready' }
  if (!isReady) return { place: 'server', why: 'not-downloaded' }
  if (device.seconds === null) return { place: 'server', why: 'not-measured' }
  if (serverSeconds !== null && device.seconds > serverSeconds * FREE_IS_WORTH)
    return { place: 'server', why: 'server-faster' }
  if (serverSeconds === null || device.seconds <= serverSeconds) return { place: 'device', why: 'device-faster' }
  return { place: 'device', why: 'device-free' }
}
