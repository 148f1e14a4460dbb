'use client'
// What can be done to a generation, from wherever it is shown: stop, delete with undo, take its settings over.
import { useRouter } from 'next/navigation'
import { useMemo } from 'react'
import type { GenerationDto, ImageDto } from '#contracts/generation.ts'
import { notify, notifyProblem } from '../components/ui/toast.tsx'
import { problemText } from '../lib/problem.ts'
import { useTRPCClient } from '../lib/trpc.ts'
import { messages } from '../messages/index.ts'
import { type Reuse, reuseRecipe } from '../studio/draft.ts'
import { getDraft, updateDraft } from '../studio/draft-store.ts'
import { requestInput } from '../studio/input-request.ts'
import { hasEnded } from './apply-event.ts'
import { useGenerationCache } from './use-generations.ts'

const t = messages.image

const SAID: Record<Reuse, string> = {
  prompt: t.reusedPrompt,
  seed: t.reusedSeed,
  all: t.reusedAll,
  remix: t.remixed,
}

export interface GenerationActions {
  cancel: (generation: GenerationDto, image?: ImageDto) => Promise<void>
  remove: (generation: GenerationDto) => Promise<void>
  reuse: (generation: GenerationDto, image: ImageDto, what: Reuse) => void
  startFrom: (image: ImageDto) => void
}

export function useGenerationActions(): GenerationActions {
  const client = useTRPCClient()
  const cache = useGenerationCache()
  const router = useRouter()
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
      reuse: (generation, image, what) => {
        const before = getDraft()
        updateDraft((draft) => reuseRecipe(draft, generation.recipe, image.seed, what))
        router.push('/')
        notify(SAID[what], { label: t.undo, run: () => updateDraft(before) })
        document.getElementById('prompt')?.focus({ preventScroll: true })
      },
      startFrom: (image) => {
        if (image.url === null) return
        requestInput(image.url)
        router.push('/')
      },
    }),
    [client, cache, router],
  )
}
