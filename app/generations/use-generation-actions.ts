'use client'
// What can be done to a generation, from wherever it is shown: stop it, delete it with a way back.
import { useMemo } from 'react'
import { messages } from '#app/messages/index.ts'
import { problemText } from '#app/trpc/problem.ts'
import { useTRPCClient } from '#app/trpc/trpc.ts'
import { notify, notifyProblem } from '#app/ui/toast.tsx'
import type { GenerationDto, ImageDto } from '#contracts/generation.ts'
import { hasEnded } from './apply-event.ts'
import { useGenerationCache } from './use-generations.ts'

const t = messages.image

export interface GenerationActions {
  cancel: (generation: GenerationDto, image?: ImageDto) => Promise<void>
  remove: (generation: GenerationDto) => Promise<void>
}

export function useGenerationActions(): GenerationActions {
  const client = useTRPCClient()
  const cache = useGenerationCache()
  return useMemo(
    () => ({
      cancel: async (generation, image) => {
        try {
          await client.generation.cancel.mutate({ id: generation.id, ...(image ? { imageId: image.id } : {}) })
          cache.change(generation.id, (one) => ({
            ...one,
            images: one.images.map((each) =>
              hasEnded(each) || (image && each.id !== image.id) ? each : { ...each, status: 'canceled' },
            ),
          }))
        } catch (error) {
          notifyProblem(problemText(error))
        }
      },
      remove: async (generation) => {
        cache.change(generation.id, () => null)
        try {
          await client.generation.delete.mutate({ id: generation.id })
        } catch (error) {
          cache.put(generation)
          notifyProblem(problemText(error))
          return
        }
        notify(t.deleted(generation.images.length), {
          label: t.undo,
          run: () => {
            client.generation.restore
              .mutate({ id: generation.id })
              .then(() => {
                cache.put(generation)
                notify(t.restored)
              })
              .catch((error: unknown) => notifyProblem(problemText(error)))
          },
        })
      },
    }),
    [client, cache],
  )
}
