// How much one person may ask for. Daily allowances come from the environment; these are what is not worth configuring yet.

export interface Limits {
  readonly guestDailyImages: number
  readonly userDailyImages: number
  /** Images one person may have queued or running at once: a few full batches, so that nobody's queue hides everyone else's. */
  readonly guestWaitingMax: number
  readonly userWaitingMax: number
  readonly guestDailyUploads: number
  readonly userDailyUploads: number
  /** Clicks whose pictures a device may put into the history in a day. Making them costs us nothing, keeping them does. */
  readonly guestDailySavings: number
  readonly userDailySavings: number
  /** And the bytes of their pictures, as declared. */
  readonly guestDailySavingsBytes: number
  readonly userDailySavingsBytes: number
}

export function limitsFrom(env: { GUEST_DAILY_IMAGES: number; USER_DAILY_IMAGES: number }): Limits {
  return {
    guestDailyImages: env.GUEST_DAILY_IMAGES,
    userDailyImages: env.USER_DAILY_IMAGES,
    guestWaitingMax: 8,
    userWaitingMax: 32,
    // Each may hold 20 MB: a guest 400 MB a day at worst, gone from quarantine within a day if never finished.
    guestDailyUploads: 20,
    userDailyUploads: 200,
    guestDailySavings: 100,
    userDailySavings: 1_000,
    // Half a megabyte a picture and four a click, a hundred clicks or a thousand: what a day of the largest honest pictures weighs.
    guestDailySavingsBytes: 200_000_000,
    userDailySavingsBytes: 2_000_000_000,
  }
}
