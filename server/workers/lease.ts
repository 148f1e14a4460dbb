// How long a worker's silence is believed to be work. Together they are the published takeover bound (docs/failures.md):
// lease + sweep = 8.5 s from the worker's last sign of life until its image is queued again, and whoever waits is woken.

/** A worker beats this often; a quarter of the lease, so that three beats may be lost. */
export const HEARTBEAT_EVERY_MS = 2_000
/** Every claim, beat and progress report extends the attempt's lease by this much. */
export const LEASE_MS = 8_000
/** How often each web process looks for leases that ran out: one read of a partial index over running images. */
export const SWEEP_EVERY_MS = 500
/** Offered as "there to run it" while it was heard from this recently: idle workers are heard from at every claim. */
export const WORKER_LIVE_MS = 45_000
/** An image that ended this many attempts in failure or silence is failed for good: it may be the image that kills them. */
export const FAILURES_MAX = 3
/** And so many attempts of any kind, should it kill them before they can say that they began. */
export const ATTEMPTS_MAX = 20
