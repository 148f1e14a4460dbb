// Fairness between people: start-time fair queuing (Goyal, Vin & Cheng 1996) with every image as one unit of work.
// Jobs run in the order of their start tags. A person's next tag is one past their last one, taken or waiting, but never before the
// queue's virtual time (the largest tag taken so far). So a newcomer goes ahead of the second image of someone who queued
// twenty, and nobody starves, also not beside someone who asks for the next image each time the last one is done.

/**
 * Start tags for `count` new images.
 * @param virtualTime largest tag ever taken from the queue; 0 when nothing was.
 * @param lastOwnTag largest tag of the person's images that wait or were ever taken; null when there is none. Tags below the virtual time may be left out.
 */
export function fairTags(options: {
  readonly count: number
  readonly virtualTime: number
  readonly lastOwnTag: number | null
}): number[] {
  const first = Math.max(options.virtualTime, (options.lastOwnTag ?? -1) + 1)
  return Array.from({ length: options.count }, (_, offset) => first + offset)
}
