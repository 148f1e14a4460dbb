'use client'
// This device could not make it. Nothing has left the device; what happens next is the person's decision.
import { RotateCcw, Server } from 'lucide-react'
import { deviceRunner, localRuns } from '#app/device/runs/local-device.ts'
import { hasPictures, isOpenRun, type LocalRun, requeueFailed } from '#app/device/runs/local-run.ts'
import { requestAgain } from '#app/generations/request-again.ts'
import { useSubmit } from '#app/generations/submissions.ts'
import { messages } from '#app/messages/index.ts'
import { newKey } from '#app/trpc/new-key.ts'
import { Button } from '#app/ui/button.tsx'
import type { GenerationDto } from '#contracts/generation.ts'

const t = messages.device

export function FailedRun({ run, generation }: { run: LocalRun; generation: GenerationDto }) {
  const submit = useSubmit()
  const failed = generation.images.filter(({ status }) => status === 'failed')
  if (failed.length === 0 || isOpenRun(run)) return null
  const [reason] = failed.map(({ error }) => error)

  const retry = async () => {
    await localRuns.update(run.id, requeueFailed)
    await deviceRunner().take(run.id)
  }
  const askServer = async () => {
    const wasWhole = failed.length === run.images.length
    const requests = failed.map((image) => requestAgain(generation, image, newKey()))
    const [first] = requests
    // One click stays one click where nothing of it was made yet.
    const sent =
      wasWhole && first !== undefined ? [{ ...first, seed: run.recipe.seed, count: run.recipe.count }] : requests
    if (hasPictures(run)) {
      await localRuns.update(run.id, (one) => ({
        ...one,
        images: one.images.map((image) => (image.status === 'failed' ? { ...image, status: 'canceled' } : image)),
      }))
    } else {
      await localRuns.remove(run.id)
    }
    for (const request of sent) await submit(request)
  }
  return (
    <div role="alert" className="flex max-w-[512px] flex-col gap-3 rounded-card border border-line bg-raised p-4">
      <p className="text-danger text-sm leading-6">{reason?.message}</p>
      <p className="text-ink-2 text-sm leading-6">{t.askServerHint}</p>
      <div className="flex flex-wrap gap-2">
        {reason?.code === 'unfit' ? null : (
          <Button size="sm" onClick={() => void retry()}>
            <RotateCcw aria-hidden />
            {t.retry}
          </Button>
        )}
        {run.recipe.input === undefined ? (
          <Button size="sm" onClick={() => void askServer()}>
            <Server aria-hidden />
            {t.askServer}
          </Button>
        ) : null}
      </div>
    </div>
  )
}
