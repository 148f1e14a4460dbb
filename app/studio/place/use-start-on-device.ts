'use client'
// A click on Generate that this device answers. Nothing of it is sent anywhere.
import { useCallback } from 'react'
import { newDevicePicture } from '#app/device/pictures/device-picture.ts'
import { useDeviceActions } from '#app/device/pictures/device-pictures-provider.tsx'
import { useOwnerId } from '#app/device/pictures/use-device-pictures.ts'
import { drawSeed } from '#app/draft/draft.ts'
import { DewpointError } from '#contracts/errors.ts'
import type { CreateGenerationRequest } from '#contracts/generation.ts'
import { buildRecipe, type RecipeModel } from '#recipes/build-recipe.ts'
import { recipeHash } from '#recipes/hash.ts'
import { usePlaceChoice } from './place-store.ts'

/** @throws (the returned function) DewpointError input.invalid naming what speaks against the request. */
export function useStartOnDevice(): (request: CreateGenerationRequest, model: RecipeModel) => Promise<void> {
  const { start } = useDeviceActions()
  const ownerId = useOwnerId() ?? null
  return useCallback(
    async (request, model) => {
      const { idempotencyKey, modelId: _, seed, input, ...settings } = request
      if (input !== undefined) throw new DewpointError('input.invalid', 'input: the server prepares pictures')
      const recipe = buildRecipe(model, settings, { seed: seed ?? drawSeed() })
      const picture = newDevicePicture({
        id: idempotencyKey,
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
