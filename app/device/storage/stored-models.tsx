'use client'
// Weights on this device, model by model and release by release.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Trash2 } from 'lucide-react'
import { messages } from '#app/messages/index.ts'
import { useModels } from '#app/models/use-models.ts'
import { Section } from '#app/session/account-view.tsx'
import { Button } from '#app/ui/button.tsx'
import { IconButton } from '#app/ui/icon-button.tsx'
import { Time } from '#app/ui/time.tsx'
import { notify, notifyProblem } from '#app/ui/toast.tsx'
import type { StoredWeights } from '../engine/device-engine.ts'
import { deviceEngine } from '../pictures/this-device.ts'

const t = messages.storage

export function StoredModels() {
  const queryClient = useQueryClient()
  const models = useModels()
  const stored = useQuery({
    queryKey: ['stored-weights'],
    networkMode: 'always',
    retry: false,
    staleTime: 0,
    queryFn: async () => (await deviceEngine()).storedWeights(),
  })
  const remove = async (one: StoredWeights) => {
    try {
      await (await deviceEngine()).evict(one.modelHash)
      notify(t.removed(one.modelName))
    } catch {
      notifyProblem(t.removeFailed)
    }
    // What the Studio says of the device and how much room there is have changed too.
    await queryClient.invalidateQueries()
  }
  return (
    <Section title={t.models}>
      {stored.isError ? (
        <div role="alert" className="flex flex-col items-start gap-3">
          <p className="text-ink-2 text-sm leading-6">{t.failed}</p>
          <Button size="sm" onClick={() => void stored.refetch()}>
            {messages.studio.tryAgain}
          </Button>
        </div>
      ) : stored.data === undefined ? (
        <div role="status" aria-label={t.loading} className="skeleton h-16 rounded-card" />
      ) : stored.data.length === 0 ? (
        <p className="text-ink-2 text-sm leading-6">{t.modelsNone}</p>
      ) : (
        <ul className="flex flex-col">
          {stored.data.map((one) => (
            <li
              key={one.modelHash}
              className="flex items-center justify-between gap-4 border-line py-2 not-first:border-t first:pt-0"
            >
              <div className="min-w-0">
                <p className="flex flex-wrap items-baseline gap-x-2 text-sm leading-6">
                  <span className="font-medium">{one.modelName}</span>
                  <span className="text-ink-2 tabular-nums">{t.modelSize(one.bytes, one.complete)}</span>
                </p>
                <p className="text-ink-3 text-xs leading-5">
                  {isOld(one, models.data) ? t.old : t.current} · {t.lastUsed} <Time iso={one.lastUsedAt} />
                </p>
              </div>
              <IconButton label={t.removeNamed(one.modelName, one.bytes)} onClick={() => void remove(one)}>
                <Trash2 aria-hidden />
              </IconButton>
            </li>
          ))}
        </ul>
      )}
    </Section>
  )
}

/** Unknown without a list of models to hold it against, and then not called old. */
function isOld({ modelHash }: StoredWeights, models: readonly { readonly hash: string }[] | undefined): boolean {
  return models !== undefined && !models.some(({ hash }) => hash === modelHash)
}
