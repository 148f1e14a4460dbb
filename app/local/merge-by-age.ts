// What this device holds and what the history holds, as one list, newest first.
import type { GenerationDto } from '#contracts/generation.ts'
import type { LocalRun } from './local-run.ts'

export type FeedEntry =
  | { readonly kind: 'local'; readonly run: LocalRun }
  | { readonly kind: 'saved'; readonly generation: GenerationDto }

/** Both lists newest first already. */
export function mergeByAge(runs: readonly LocalRun[], generations: readonly GenerationDto[]): readonly FeedEntry[] {
  const entries: FeedEntry[] = [
    ...runs.map((run) => ({ kind: 'local' as const, run })),
    ...generations.map((generation) => ({ kind: 'saved' as const, generation })),
  ]
  const madeAt = (entry: FeedEntry) => (entry.kind === 'local' ? entry.run.madeAt : entry.generation.createdAt)
  return entries.sort((a, b) => (madeAt(a) < madeAt(b) ? 1 : madeAt(a) > madeAt(b) ? -1 : 0))
}
