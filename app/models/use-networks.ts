'use client'
// The LoRAs and embeddings prompts may name. They change when somebody installs one, so a list a few minutes old is good enough.
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { useTRPC } from '#app/trpc/trpc.ts'
import type { NetworkDto } from '#contracts/api.ts'
import { namedNetworks } from '#recipes/named-networks.ts'

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

/** Names of the installed ones the prompts name; more than work together count as named. */
export function networksIn(prompt: string, negativePrompt: string, networks: readonly NetworkDto[]): readonly string[] {
  if (networks.length === 0) return []
  return networks
    .filter((network) => namedNetworks(prompt, negativePrompt, [network]).networks.length > 0)
    .map(({ name }) => name)
}
