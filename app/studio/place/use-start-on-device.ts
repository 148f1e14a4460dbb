'use client'
// A click on Generate that this device answers. Nothing of it is sent anywhere.
import { useCallback } from 'react'
import { useLocalActions } from '#app/device/runs/local-device-provider.tsx'
import { newRun } from '#app/device/runs/local-run.ts'
import { useOwnerId } from '#app/device/runs/use-local-runs.ts'
import { drawSeed } from '#app/draft/draft.ts'
import type { CreateGenerationRequest } from '#contracts/generation.ts'
import type { Recipe } from '#contracts/recipe.ts'
import { buildDeviceRecipe } from '#recipes/build-device-recipe.ts'
import { recipeHash } from '#recipes/hash.ts'
import { getPlaceChoice } from './place-store.ts'

/** @throws (the returned function) RangeError naming what the recipe's rules have against the request. */
export function useStartOnDevice(): (request: CreateGenerationRequest, model: Recipe['model']) => Promise<void> {
  const { start } = useLocalActions()
  const ownerId = useOwnerId() ?? null
  return useCallback(
    async (request, model) => {
      const recipe = buildDeviceRecipe(request, model, drawSeed)
      const run = newRun({
        id: request.idempotencyKey,
        ownerId,
        madeAt: new Date().toISOString(),
        recipe,
        recipeHash: await recipeHash(recipe),
        keep: ownerId !== null && getPlaceChoice().saveToHistory ? 'history' : 'here',
        // The card asks before anything is transferred.
        downloadAgreed: false,
      })
      void start(run)
    },
    [start, ownerId],
  )
}
