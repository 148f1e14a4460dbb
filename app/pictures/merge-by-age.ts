// What this device holds and what the history holds, as one list, newest first.

import type { LocalRun } from '#app/device/runs/local-run.ts'
import type { GenerationDto } from '#contracts/generation.ts'

export type FeedEntry =
  | { readonly kind: 'local'; readonly run: LocalRun }
  | { readonly kind: 'saved'; readonly generation: GenerationDto }

/** Each picture once: a run that has just been saved may still be on its way out of this browser, or of this tab's list. */
export function mergeByAge(runs: readonly LocalRun[], generations: readonly GenerationDto[]): readonly FeedEntry[] {
  const saved = savedRuns(generations)
  const entries: FeedEntry[] = [
    ...runs
      .filter((run) => !saved.has(nameOf(run.madeAt, run.recipeHash)))
      .map((run) => ({ kind: 'local' as const, run })),
    ...generations.map((generation) => ({ kind: 'saved' as const, generation })),
  ]
  const madeAt = (entry: FeedEntry) => (entry.kind === 'local' ? entry.run.madeAt : entry.generation.createdAt)
  return entries.sort((a, b) => (madeAt(a) < madeAt(b) ? 1 : madeAt(a) > madeAt(b) ? -1 : 0))
}

/** Local ones that the history does not hold, in the shape both share. */
export function notSaved(
  local: readonly GenerationDto[],
  generations: readonly GenerationDto[],
): readonly GenerationDto[] {
  const saved = savedRuns(generations)
  return local.filter(({ createdAt, recipeHash }) => !saved.has(nameOf(createdAt, recipeHash)))
}

/** A run is saved under the moment it was made, to the millisecond, and its recipe. */
const nameOf = (madeAt: string, recipeHash: string): string => `${madeAt} ${recipeHash}`

const savedRuns = (generations: readonly GenerationDto[]): ReadonlySet<string> =>
  new Set(generations.map(({ createdAt, recipeHash }) => nameOf(createdAt, recipeHash)))
