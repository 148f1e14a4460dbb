'use client'
// The person's generations, newest first: one cached list that the Studio's feed and History both read, and the few
// ways it changes.
import { type InfiniteData, useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo } from 'react'
import { useTRPC } from '#app/trpc/trpc.ts'
import type { GenerationPage } from '#contracts/api.ts'
import { LIST_LIMIT_DEFAULT } from '#contracts/api.ts'
import type { GenerationDto } from '#contracts/generation.ts'

const INPUT = { limit: LIST_LIMIT_DEFAULT }
type Pages = InfiniteData<GenerationPage>

export function useGenerationList(enabled: boolean) {
  const trpc = useTRPC()
  return useInfiniteQuery({
    ...trpc.generation.list.infiniteQueryOptions(INPUT, { getNextPageParam: (page) => page.nextCursor }),
    enabled,
  })
}

/** The same object when nothing changed: steps come several times a second, and lists must not draw again for them. */
function mapPages(pages: Pages, change: (items: GenerationDto[]) => GenerationDto[]): Pages {
  const next = pages.pages.map((page) => {
    const items = change(page.items)
    return items === page.items ? page : { ...page, items }
  })
  return next.some((page, at) => page !== pages.pages[at]) ? { ...pages, pages: next } : pages
}

/** Newest first, as the server lists them. */
function insertByAge(items: GenerationDto[], generation: GenerationDto): GenerationDto[] {
  const at = items.findIndex((one) => one.createdAt < generation.createdAt)
  return at === -1 ? [...items, generation] : [...items.slice(0, at), generation, ...items.slice(at)]
}

export interface GenerationCache {
  /** The generation as some cache holds it. */
  find: (id: string) => GenerationDto | undefined
  /** Ids the list holds. */
  known: () => ReadonlySet<string>
  /** Changes it wherever it is shown; null takes it away. */
  change: (id: string, change: (generation: GenerationDto) => GenerationDto | null) => void
  /** Adds it at its place, or replaces it. */
  put: (generation: GenerationDto) => void
  /** Reads the list again from the server. */
  refresh: () => Promise<void>
}

export function useGenerationCache(): GenerationCache {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  return useMemo(() => {
    const listKey = trpc.generation.list.infiniteQueryKey(INPUT)
    const oneKey = (id: string) => trpc.generation.get.queryKey({ id })
    const listed = () => queryClient.getQueryData<Pages>(listKey)?.pages.flatMap((page) => page.items) ?? []
    const change: GenerationCache['change'] = (id, how) => {
      queryClient.setQueryData<Pages>(listKey, (pages) =>
        pages
          ? mapPages(pages, (items) => {
              const at = items.findIndex((one) => one.id === id)
              const before = items[at]
              if (before === undefined) return items
              const after = how(before)
              if (after === before) return items
              return after === null ? items.filter((one) => one.id !== id) : items.with(at, after)
            })
          : pages,
      )
      queryClient.setQueryData<GenerationDto>(oneKey(id), (before) => (before ? (how(before) ?? before) : before))
    }
    return {
      find: (id) => listed().find((one) => one.id === id) ?? queryClient.getQueryData<GenerationDto>(oneKey(id)),
      known: () => new Set(listed().map((one) => one.id)),
      change,
      put: (generation) => {
        if (listed().some((one) => one.id === generation.id)) {
          change(generation.id, () => generation)
          return
        }
        queryClient.setQueryData<Pages>(listKey, (pages) => {
          const [first, ...rest] = pages?.pages ?? []
          if (pages === undefined || first === undefined) return pages
          return { ...pages, pages: [{ ...first, items: insertByAge(first.items, generation) }, ...rest] }
        })
      },
      refresh: async () => {
        await queryClient.invalidateQueries({ queryKey: listKey })
      },
    }
  }, [trpc, queryClient])
}
