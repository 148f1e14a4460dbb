'use client'
// What restoring a picture's recipe would do, before it does: as it was, translated, left out, missing.
import { TriangleAlert } from 'lucide-react'
import { messages } from '#app/messages/index.ts'
import { Button } from '#app/ui/button.tsx'
import { Dialog } from '#app/ui/dialog.tsx'
import type { RestorePlan } from './plan-restore.ts'

const t = messages.restore

interface RestoreDialogProps {
  plan: RestorePlan | null
  origin: string
  onRestore: () => void
  onUseAsInput: () => void
  /** Absent where the picture cannot be made again here. */
  onCheck: (() => void) | undefined
  onClose: () => void
}

export function RestoreDialog({ plan, origin, onRestore, onUseAsInput, onCheck, onClose }: RestoreDialogProps) {
  return (
    <Dialog
      open={plan !== null}
      onOpenChange={(open) => {
        if (!open) onClose()
      }}
      title={t.title}
      description={origin}
      className="sm:max-w-lg"
    >
      {plan === null ? null : (
        <div className="flex flex-col gap-5">
          {plan.missingModel === null ? null : (
            <p className="flex items-start gap-2 text-sm leading-6">
              <TriangleAlert aria-hidden className="mt-1 size-4 shrink-0" />
              {t.missingModel(plan.missingModel)}
            </p>
          )}
          <Rows title={t.restored(plan.restored.length)} rows={plan.restored} />
          <Rows title={t.translated(plan.translated.length)} rows={plan.translated} />
          <Rows title={t.ignored(plan.ignored.length)} rows={plan.ignored} />
          {plan.problems.length === 0 ? null : (
            <section className="flex flex-col gap-1">
              <h3 className="font-medium text-sm">{t.problems}</h3>
              {plan.problems.map((problem) => (
                <p key={problem} className="text-ink-2 text-sm leading-6">
                  {problem}
                </p>
              ))}
            </section>
          )}
          <div className="-mx-5 -mb-5 sticky bottom-0 flex flex-wrap justify-end gap-2 border-line border-t bg-raised px-5 py-4">
            {onCheck === undefined ? null : (
              <Button variant="ghost" onClick={onCheck}>
                {messages.check.action}
              </Button>
            )}
            <Button onClick={onUseAsInput}>{t.useAsInput}</Button>
            <Button variant="primary" onClick={onRestore}>
              {t.accept}
            </Button>
          </div>
        </div>
      )}
    </Dialog>
  )
}

interface Row {
  readonly name: string
  readonly value: string
  readonly reason?: string
}

function Rows({ title, rows }: { title: string; rows: readonly Row[] }) {
  if (rows.length === 0) return null
  return (
    <section className="flex flex-col gap-1">
      <h3 className="font-medium text-sm">{title}</h3>
      <dl className="flex flex-col">
        {rows.map(({ name, value, reason }) => (
          <div
            key={`${name} ${value}`}
            className="grid grid-cols-[8rem_minmax(0,1fr)] gap-x-3 border-line border-b py-2 last:border-0"
          >
            <dt className="text-ink-2 text-sm leading-6">{name}</dt>
            <dd className="text-sm leading-6 [overflow-wrap:anywhere]">
              <span className="line-clamp-3">{value}</span>
              {reason === undefined ? null : <span className="block text-ink-2">{reason}</span>}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
