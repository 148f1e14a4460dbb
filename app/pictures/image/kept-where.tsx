'use client'
// Where a run's pictures are kept, in a line, and the way to keep them better.
import Link from 'next/link'
import { useLocalActions } from '#app/device/runs/local-device-provider.tsx'
import type { LocalRun } from '#app/device/runs/local-run.ts'
import { useOwnerId, useRunList } from '#app/device/runs/use-local-runs.ts'
import { messages } from '#app/messages/index.ts'
import { useOnline } from '#app/offline/use-online.ts'
import { Button, buttonVariants } from '#app/ui/button.tsx'

const t = messages.device

export function KeptWhere({ run }: { run: LocalRun }) {
  const { keep } = useLocalActions()
  const { homeless, lasts } = useRunList()
  const ownerId = useOwnerId()
  const online = useOnline()
  const isHomeless = homeless.has(run.id)
  const isOnItsWay = run.keep === 'history' && run.refusal === null
  return (
    <div className="flex flex-col items-start gap-2">
      <p className="max-w-prose text-ink-2 text-sm leading-6">{whereWords(run, online)}</p>
      {isHomeless || !lasts ? (
        <p role="alert" className="max-w-prose text-danger text-sm leading-6">
          {isHomeless ? t.homeless : t.fleeting}
        </p>
      ) : null}
      {isOnItsWay ? null : ownerId === null ? (
        <Link href="/sign-in" className={buttonVariants({ size: 'sm' })}>
          {t.signInToKeep}
        </Link>
      ) : (
        <Button size="sm" onClick={() => void keep([run])}>
          {t.keep}
        </Button>
      )}
    </div>
  )
}

function whereWords({ keep, refusal }: LocalRun, online: boolean): string {
  if (refusal !== null) return t.refused(refusal)
  if (keep === 'here') return t.onlyHere
  return online ? t.saving : t.waitingToSave
}
