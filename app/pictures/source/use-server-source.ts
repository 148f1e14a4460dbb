'use client'
// A generation of the history: made, kept and given out by the server.
import { useMemo } from 'react'
import { useReuse } from '#app/draft/use-reuse.ts'
import { requestAgain } from '#app/generations/request-again.ts'
import { useSubmit } from '#app/generations/submissions.ts'
import { useGenerationActions } from '#app/generations/use-generation-actions.ts'
import { messages } from '#app/messages/index.ts'
import { newKey } from '#app/trpc/new-key.ts'
import type { GenerationDto } from '#contracts/generation.ts'
import type { PictureSource } from './picture-source.ts'

const t = messages.image

const FORMATS = [
  { label: t.download, query: 'download' },
  { label: t.downloadJpeg, query: 'format=jpeg' },
  { label: t.downloadWebp, query: 'format=webp' },
  { label: t.downloadBare, query: 'recipe=without' },
]

export function useServerSource(generation: GenerationDto): PictureSource {
  const { cancel, remove } = useGenerationActions()
  const { startFrom } = useReuse()
  const submit = useSubmit()
  return useMemo(
    () => ({
      generation,
      isInHistory: true,
      words: () => null,
      cancel: (image) => void cancel(generation, image),
      cancelAll: () => void cancel(generation),
      // The picture an image started from is not in its recipe, so only its owner can bring it back.
      retry: generation.recipe.input
        ? 'input-missing'
        : (image) => void submit(requestAgain(generation, image, newKey())),
      remove: () => void remove(generation),
      downloads: ({ url }) =>
        url === null ? [] : FORMATS.map(({ label, query }) => ({ label, href: `${url}?${query}`, fileName: '' })),
      startFrom,
      save: null,
    }),
    [generation, cancel, remove, startFrom, submit],
  )
}
