'use client'
// Pictures that are in this browser and not (yet) in a history.
import { useState } from 'react'
import { messages } from '#app/messages/index.ts'
import { Section } from '#app/session/account-view.tsx'
import { Button } from '#app/ui/button.tsx'
import { Dialog } from '#app/ui/dialog.tsx'
import { localRuns } from '../runs/local-device.ts'
import { useLocalActions } from '../runs/local-device-provider.tsx'
import { hasPictures, isOpenRun, isWaitingToBeSaved, type LocalRun } from '../runs/local-run.ts'
import { useLocalRuns, useOwnerId, useRunList } from '../runs/use-local-runs.ts'

const t = messages.storage

const doneImages = (runs: readonly LocalRun[]) =>
  runs.flatMap(({ images }) => images.filter(({ status }) => status === 'done'))
const bytesOf = (runs: readonly LocalRun[]) =>
  doneImages(runs).reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0)

export function StoredPictures() {
  const { runs, loaded } = useRunList()
  const own = useLocalRuns().filter((run) => hasPictures(run) && !isOpenRun(run))
  const ownIds = new Set(own.map(({ id }) => id))
  const others = runs.filter((run) => !ownIds.has(run.id) && hasPictures(run) && !isOpenRun(run))
  const waiting = own.filter(isWaitingToBeSaved)
  const staying = own.filter((run) => !isWaitingToBeSaved(run))
  return (
    <Section title={t.pictures}>
      {loaded && own.length + others.length === 0 ? (
        <p className="text-ink-2 text-sm leading-6">{t.picturesNone}</p>
      ) : (
        <ul className="flex flex-col gap-3">
          <Group runs={staying} title={t.picturesCount} canSave />
          <Group runs={waiting} title={t.picturesWaiting} />
          <Group runs={others} title={t.picturesOthers} hint={t.picturesOthersHint} />
        </ul>
      )}
    </Section>
  )
}

interface GroupProps {
  runs: readonly LocalRun[]
  title: (n: number) => string
  hint?: string
  canSave?: boolean
}

function Group({ runs, title, hint, canSave = false }: GroupProps) {
  const { keep } = useLocalActions()
  const ownerId = useOwnerId()
  const [asking, setAsking] = useState(false)
  const n = doneImages(runs).length
  if (n === 0) return null
  const remove = async () => {
    setAsking(false)
    for (const { id } of runs) await localRuns.remove(id)
  }
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
      <div className="min-w-0">
        <p className="text-sm leading-6">
          {title(n)} <span className="text-ink-2 tabular-nums">{t.size(bytesOf(runs))}</span>
        </p>
        {hint ? <p className="text-ink-3 text-xs leading-5">{hint}</p> : null}
      </div>
      <div className="flex gap-2">
        {canSave && ownerId ? (
          <Button size="sm" onClick={() => void keep(runs)}>
            {messages.device.keepMany(n)}
          </Button>
        ) : null}
        <Button size="sm" variant="danger" onClick={() => setAsking(true)}>
          {t.removePictures(n)}
        </Button>
      </div>
      <Dialog open={asking} onOpenChange={setAsking} title={t.removePicturesAsk} description={t.removePicturesHint}>
        <div className="flex justify-end gap-2">
          <Button onClick={() => setAsking(false)}>{messages.device.notNow}</Button>
          <Button variant="danger" onClick={() => void remove()}>
            {t.removePictures(n)}
          </Button>
        </div>
      </Dialog>
    </li>
  )
}
