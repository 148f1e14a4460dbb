// What keeps one person from starving the others, one of each per process. Numbers are far above what a browser does and far below
// what hurts: a page sends a handful of requests, a person has a handful of tabs.
import { Places } from './places.ts'
import { Rate } from './rate.ts'
import { Turns } from './turns.ts'

export interface Guards {
  /** Calls of one browser (cookie), before anything is read or asked for them. */
  readonly browsers: Turns
  /** Calls from one address: an office is one. */
  readonly addresses: Turns
  /** Procedures of one person. */
  readonly people: Turns
  /** Event streams. */
  readonly personStreams: Places
  readonly addressStreams: Places
  /** Public pages, pictures and cards from one address. */
  readonly publicPages: Rate
  /** Cards are drawn one at a time. */
  readonly cards: Turns
}

export function createGuards(): Guards {
  return {
    // Over HTTP/1.1 a browser has six connections; over HTTP/2 what does not run waits here.
    browsers: new Turns({ what: 'Requests of one browser', running: 6, waiting: 24 }),
    addresses: new Turns({ what: 'Requests from one address', running: 32, waiting: 128 }),
    // Three of twelve connections at most, whatever is in their batches.
    people: new Turns({ what: 'Calls of one person', running: 3, waiting: 60 }),
    personStreams: new Places({ what: 'Live updates of one person', max: 20 }),
    addressStreams: new Places({ what: 'Live updates for one address', max: 200 }),
    publicPages: new Rate({ what: 'Public pages for one address', max: 300, windowMs: 60_000 }),
    cards: new Turns({ what: 'Cards', running: 1, waiting: 50 }),
  }
}
