// The list of models as the server last gave it, so that the Studio opens without a network. Public, the same for everybody; who
// is there to run them is not kept, as that is of the moment.
import { z } from 'zod'
import { type ModelDto, modelSchema } from '#contracts/api.ts'

const STORAGE_KEY = 'dewpoint.models'

export function keepModels(models: readonly ModelDto[]): void {
  try {
    const text = JSON.stringify(models.map((model) => ({ ...model, workers: [], pace: null })))
    if (localStorage.getItem(STORAGE_KEY) !== text) localStorage.setItem(STORAGE_KEY, text)
  } catch {
    // Full or switched off: then the Studio needs its network.
  }
}

/** undefined: none were kept, or by a release that listed them otherwise. */
export function keptModels(): ModelDto[] | undefined {
  try {
    const kept = z.array(modelSchema).safeParse(JSON.parse(localStorage.getItem(STORAGE_KEY) ?? 'null'))
    return kept.success ? kept.data : undefined
  } catch {
    return undefined
  }
}
