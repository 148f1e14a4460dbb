'use client'
// The Studio's own files in this browser, and their removal.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Trash2 } from 'lucide-react'
import { messages } from '#app/messages/index.ts'
import { measureOfflineCopy, removeOfflineCopy } from '#app/offline/offline-copy.ts'
import { Section } from '#app/session/account-view.tsx'
import { IconButton } from '#app/ui/icon-button.tsx'
import { notify } from '#app/ui/toast.tsx'

const t = messages.storage

export function OfflineCopy() {
  const queryClient = useQueryClient()
  const { data: bytes } = useQuery({
    queryKey: ['offline-copy'],
    networkMode: 'always',
    staleTime: 0,
    queryFn: measureOfflineCopy,
  })
  if (bytes === undefined || bytes === 0) return null
  const remove = async () => {
    await removeOfflineCopy()
    notify(t.removed(t.program))
    await queryClient.invalidateQueries()
  }
  return (
    <Section title={t.program}>
      <div className="flex items-center justify-between gap-4">
        <p className="text-ink-2 text-sm leading-6">
          {t.programHint} <span className="tabular-nums">{t.size(bytes)}</span>
        </p>
        <IconButton label={t.removeNamed(t.program, bytes)} onClick={() => void remove()}>
          <Trash2 aria-hidden />
        </IconButton>
      </div>
    </Section>
  )
}
