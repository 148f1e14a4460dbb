'use client'
// The installed LoRAs and embeddings that fit the model, each to be put into the prompt with a press.
import { useState } from 'react'
import type { Draft } from '#app/draft/draft.ts'
import { messages } from '#app/messages/index.ts'
import { networksIn, useNetworks } from '#app/models/use-networks.ts'
import { Button } from '#app/ui/button.tsx'
import { Disclosure } from '#app/ui/disclosure.tsx'
import type { NetworkDto } from '#contracts/api.ts'
import type { ModelManifest } from '#contracts/model-manifest.ts'
import { appendToPrompt, WordButtons } from './word-buttons.tsx'

const t = messages.models

export function NetworkChoice({ draft, family }: { draft: Draft; family: ModelManifest['family'] }) {
  const [open, setOpen] = useState(false)
  const networks = useNetworks()
  // A file that does not say what it was made for is offered everywhere; the worker refuses what does not fit, by name.
  const fitting = networks.filter((network) => network.family === null || network.family === family)
  if (fitting.length === 0) return null
  const used = networksIn(draft, fitting)
  return (
    <Disclosure
      label={t.networks}
      note={used.length > 0 ? t.networksNote(used.length) : undefined}
      open={open}
      onOpenChange={setOpen}
    >
      <ul className="flex flex-col gap-4">
        {fitting.map((network) => (
          <Network key={`${network.kind} ${network.name}`} network={network} />
        ))}
      </ul>
    </Disclosure>
  )
}

function Network({ network }: { network: NetworkDto }) {
  const { kind, name, summary, license, sizeBytes, triggerWords } = network
  return (
    <li className="flex flex-col gap-2">
      <div className="flex items-center justify-between gap-3">
        <div className="min-w-0">
          <p className="truncate text-sm">{name}</p>
          <p className="text-ink-3 text-xs leading-5">
            {t.networkKind[kind]}, {t.facts(sizeBytes, license)}
          </p>
        </div>
        <Button
          size="sm"
          aria-label={t.addNetwork(name)}
          onClick={() => appendToPrompt(kind === 'lora' ? ` <lora:${name}:1>` : `, ${name}`)}
        >
          +
        </Button>
      </div>
      {summary === '' ? null : <p className="text-ink-3 text-xs leading-5">{summary}</p>}
      {triggerWords.length === 0 ? null : <WordButtons label={t.triggers} words={triggerWords} />}
    </li>
  )
}
