'use client'
// The LoRAs and embeddings prompts may name. They change when somebody installs one, so a list a few minutes old is good enough.
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { useTRPC } from '#app/trpc/trpc.ts'
import type { NetworkDto } from '#contracts/api.ts'
import { namedNetworks, type Prompts } from '#recipes/prompt/networks.ts'

const STALE_AFTER_MS = 300_000
const NONE: readonly NetworkDto[] = []

export function useNetworks(): readonly NetworkDto[] {
  const trpc = useTRPC()
  return useQuery(trpc.model.networks.queryOptions(undefined, { staleTime: STALE_AFTER_MS })).data ?? NONE
}

/** Names of the LoRAs among them, which is what `<lora:…>` may say. */
export function useLoraNames(): ReadonlySet<string> {
  const networks = useNetworks()
  return useMemo(() => new Set(networks.filter(({ kind }) => kind === 'lora').map(({ name }) => name)), [networks])
}

type DraftPrompts = Omit<Prompts, 'weighting'> & { readonly weighting: Prompts['weighting'] | null }

/** Names of the installed ones the draft's prompts name; more than work together count as named. */
export function networksIn(draft: DraftPrompts, networks: readonly NetworkDto[]): readonly string[] {
  if (networks.length === 0) return []
  return namedNetworks({ ...draft, weighting: draft.weighting ?? undefined }, networks).networks.map(({ name }) => name)
}
