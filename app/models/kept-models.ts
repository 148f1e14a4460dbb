// The list of models as the server last gave it, so that the Studio opens without a network. Public, the same for everybody; who
// is there to run them is not kept, as that is of the moment.
import { z } from 'zod'
import { readStored, writeStored } from '#app/offline/browser-storage.ts'
import { type ModelDto, modelSchema } from '#contracts/api.ts'

const STORAGE_KEY = 'dewpoint.models'

export function keepModels(models: readonly ModelDto[]): void {
  writeStored(
    STORAGE_KEY,
    models.map((model) => ({ ...model, workers: [], pace: null })),
  )
}

/** undefined: none were kept, or by a release that listed them otherwise. */
export function keptModels(): ModelDto[] | undefined {
  return readStored(STORAGE_KEY, z.array(modelSchema)) ?? undefined
}
