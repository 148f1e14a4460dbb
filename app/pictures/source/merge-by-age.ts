// What this device holds and what the history holds, as one list, newest first.

import type { DevicePicture } from '#app/device/pictures/device-picture.ts'
import type { GenerationDto } from '#contracts/generation.ts'

export type FeedEntry =
  | { readonly kind: 'device'; readonly picture: DevicePicture }
  | { readonly kind: 'server'; readonly generation: GenerationDto }

/** Each picture once: one of this device that has just been saved may still be on its way out of this browser, or of this tab's list. */
export function mergeByAge(
  pictures: readonly DevicePicture[],
  generations: readonly GenerationDto[],
): readonly FeedEntry[] {
  const saved = savedNames(generations)
  const entries: FeedEntry[] = [
    ...pictures
      .filter((picture) => !saved.has(nameOf(picture.madeAt, picture.recipeHash)))
      .map((picture) => ({ kind: 'device' as const, picture })),
    ...generations.map((generation) => ({ kind: 'server' as const, generation })),
  ]
  const madeAt = (entry: FeedEntry) => (entry.kind === 'device' ? entry.picture.madeAt : entry.generation.createdAt)
  return entries.sort((a, b) => (madeAt(a) < madeAt(b) ? 1 : madeAt(a) > madeAt(b) ? -1 : 0))
}

/** Those of this device that the history does not hold, in the shape both share. */
export function notSaved(
  ofDevice: readonly GenerationDto[],
  generations: readonly GenerationDto[],
): readonly GenerationDto[] {
  const saved = savedNames(generations)
  return ofDevice.filter(({ createdAt, recipeHash }) => !saved.has(nameOf(createdAt, recipeHash)))
}

/** A device picture is saved under the moment it was made, to the millisecond, and its recipe. */
const nameOf = (madeAt: string, recipeHash: string): string => `${madeAt} ${recipeHash}`

const savedNames = (generations: readonly GenerationDto[]): ReadonlySet<string> =>
  new Set(generations.map(({ createdAt, recipeHash }) => nameOf(createdAt, recipeHash)))
