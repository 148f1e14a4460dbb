'use client'
// What can be taken over from a picture, wherever it is shown: its settings into the Studio, or itself as the picture to start from.
import { useRouter } from 'next/navigation'
import { useMemo } from 'react'
import { messages } from '#app/messages/index.ts'
import { notify } from '#app/ui/toast.tsx'
import type { GenerationDto, ImageDto } from '#contracts/generation.ts'
import { type Reuse, reuseRecipe } from './draft.ts'
import { getDraft, updateDraft } from './draft-store.ts'
import { requestInput } from './input-request.ts'

const t = messages.image

const SAID: Record<Reuse, string> = {
  prompt: t.reusedPrompt,
  seed: t.reusedSeed,
  all: t.reusedAll,
  remix: t.remixed,
}

export interface ReuseActions {
  reuse: (generation: GenerationDto, image: ImageDto, what: Reuse) => void
  startFrom: (image: ImageDto) => void
}

export function useReuse(): ReuseActions {
  const router = useRouter()
  return useMemo(
    () => ({
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
    [router],
  )
}
