'use client'
// A click on Generate that this device answers. Nothing of it is sent anywhere.
import { useCallback } from 'react'
import { newDevicePicture } from '#app/device/pictures/device-picture.ts'
import { useDeviceActions } from '#app/device/pictures/device-pictures-provider.tsx'
import { useOwnerId } from '#app/device/pictures/use-device-pictures.ts'
import { drawSeed } from '#app/draft/draft.ts'
import type { CreateGenerationRequest } from '#contracts/generation.ts'
import type { Recipe } from '#contracts/recipe.ts'
import { buildDeviceRecipe } from '#recipes/build-device-recipe.ts'
import { recipeHash } from '#recipes/hash.ts'
import { usePlaceChoice } from './place-store.ts'

/** @throws (the returned function) RangeError naming what the recipe's rules have against the request. */
export function useStartOnDevice(): (request: CreateGenerationRequest, model: Recipe['model']) => Promise<void> {
  const { start } = useDeviceActions()
  const ownerId = useOwnerId() ?? null
  return useCallback(
    async (request, model) => {
      const recipe = buildDeviceRecipe(request, model, drawSeed)
      const picture = newDevicePicture({
        id: request.idempotencyKey,
        ownerId,
        madeAt: new Date().toISOString(),
        recipe,
        recipeHash: await recipeHash(recipe),
        keep: ownerId !== null && usePlaceChoice.getState().saveToHistory ? 'history' : 'here',
        // The card asks before anything is transferred.
        downloadAgreed: false,
      })
      void start(picture)
    },
    [start, ownerId],
  )
}
