'use client'
// Where to make a picture again, the picture forming, and what the comparison came to.
import { Cpu, Server, Square } from 'lucide-react'
import type { ReactNode } from 'react'
import { useDeviceFit } from '#app/device/pictures/use-device-fit.ts'
import { useGenerationActions } from '#app/generations/use-generation-actions.ts'
import { messages } from '#app/messages/index.ts'
import { useMe } from '#app/session/use-session.ts'
import { problemText } from '#app/trpc/problem.ts'
import { Button } from '#app/ui/button.tsx'
import { Dialog } from '#app/ui/dialog.tsx'
import { FormingCanvas } from '../image/forming-canvas.tsx'
import { ImageStatus } from '../image/image-status.tsx'
import { Picture } from '../image/picture.tsx'
import { CheckResultView } from './check-result.tsx'
import { type CheckSubject, placesOf } from './check-subject.ts'
import { type DeviceProgress, useCheckOnDevice, useCheckOnServer } from './use-check.ts'

const t = messages.check

interface CheckDialogProps {
  subject: CheckSubject
  open: boolean
  onOpenChange: (open: boolean) => void
}

export function CheckDialog({ subject, open, onOpenChange }: CheckDialogProps) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={t.title} description={t.lead} className="sm:max-w-2xl">
      <Check subject={subject} />
    </Dialog>
  )
}

function Check({ subject }: { subject: CheckSubject }) {
  const server = useCheckOnServer(subject)
  const device = useCheckOnDevice(subject)
  const isBusy = server.isBusy || device.isBusy
  const places = placesOf(subject)
  return (
    <div className="flex flex-col gap-6">
      <div className="grid gap-3 sm:grid-cols-2">
        <OnServer place={places.server} isBusy={isBusy} isDone={server.result !== undefined} onStart={server.start} />
        <OnDevice subject={subject} place={places.device} isBusy={isBusy} onStart={device.start} />
      </div>
      <Problem error={server.error} />
      <Problem error={device.error} />
      {server.isBusy ? <ServerProgress subject={subject} check={server} /> : null}
      {device.progress === null ? null : (
        <OnDeviceProgress subject={subject} progress={device.progress} onStop={device.stop} />
      )}
      {server.result === undefined ? null : <CheckResultView subject={subject} result={server.result} />}
      {device.result === undefined ? null : <CheckResultView subject={subject} result={device.result} />}
    </div>
  )
}

interface OnServerProps {
  place: ReturnType<typeof placesOf>['server']
  isBusy: boolean
  isDone: boolean
  onStart: () => void
}

function OnServer({ place, isBusy, isDone, onStart }: OnServerProps) {
  const me = useMe()
  const left = me ? Math.max(0, me.allowance.limit - me.allowance.used) : null
  const cost = left === null ? t.onServerNoCost : left === 0 ? t.onServerNone : t.onServerCost(left)
  return (
    <Place
      icon={<Server aria-hidden />}
      label={t.onServer}
      note={place === 'possible' ? cost : t.onServerElsewhere}
      isPossible={place === 'possible' && left !== 0 && !isDone}
      isBusy={isBusy}
      onStart={onStart}
    />
  )
}

interface OnDeviceProps {
  subject: CheckSubject
  place: ReturnType<typeof placesOf>['device']
  isBusy: boolean
  onStart: () => void
}

function OnDevice({ subject, place, isBusy, onStart }: OnDeviceProps) {
  const { data, isError } = useDeviceFit(subject.recipe.model)
  const fit = data?.fit
  const note = () => {
    if (place !== 'possible') return t.onDeviceInput
    if (fit === undefined) return isError ? t.onDeviceFree : t.looking
    if (fit.kind === 'unfit') return fit.reason
    return fit.downloadBytes === 0 ? t.onDeviceFree : messages.place.download(fit.downloadBytes)
  }
  return (
    <Place
      icon={<Cpu aria-hidden />}
      label={t.onDevice}
      note={note()}
      isPossible={place === 'possible' && (isError || fit?.kind === 'fits')}
      isBusy={isBusy}
      onStart={onStart}
    />
  )
}

interface PlaceProps {
  icon: ReactNode
  label: string
  note: string
  isPossible: boolean
  isBusy: boolean
  onStart: () => void
}

function Place({ icon, label, note, isPossible, isBusy, onStart }: PlaceProps) {
  return (
    <div className="flex flex-col gap-2">
      <Button
        disabled={!isPossible}
        aria-disabled={isBusy}
        onClick={() => {
          if (!isBusy) onStart()
        }}
      >
        {icon}
        {label}
      </Button>
      <p className="text-ink-3 text-xs leading-5">{note}</p>
    </div>
  )
}

function Problem({ error }: { error: Error | null }) {
  if (error === null) return null
  // A device's own errors are written for people.
  const text = error.name === 'DeviceError' ? error.message : problemText(error)
  return (
    <p role="alert" className="text-danger text-sm leading-6">
      {text}
    </p>
  )
}

function ServerProgress({ subject, check }: { subject: CheckSubject; check: ReturnType<typeof useCheckOnServer> }) {
  const actions = useGenerationActions()
  const { generation, image } = check
  if (generation === undefined || image === undefined || image.status === 'done') {
    return (
      <p role="status" className="text-ink-2 text-sm">
        {image?.status === 'done' ? t.comparing : messages.image.sending}
      </p>
    )
  }
  const { width, height } = subject.recipe
  return (
    <div className="w-full max-w-56">
      <Picture image={image} width={width} height={height} alt={t.after} />
      <ImageStatus image={image} onCancel={() => void actions.cancel(generation, image)} retry="for-all" />
    </div>
  )
}

interface OnDeviceProgressProps {
  subject: CheckSubject
  progress: DeviceProgress
  onStop: () => void
}

function OnDeviceProgress({ subject, progress, onStop }: OnDeviceProgressProps) {
  const { width, height } = subject.recipe
  return (
    <div className="flex flex-col gap-2">
      {progress.kind === 'step' ? (
        <div
          className="w-full max-w-56 overflow-hidden rounded-picture bg-frame"
          style={{ aspectRatio: `${width} / ${height}` }}
        >
          <FormingCanvas preview={progress.preview} progress={progress.done / progress.calls} className="size-full" />
        </div>
      ) : null}
      <div className="flex items-center justify-between gap-4">
        <p role="status" className="text-ink-2 text-sm tabular-nums">
          {deviceProgressText(progress)}
        </p>
        <Button variant="ghost" size="sm" onClick={onStop}>
          <Square aria-hidden />
          {t.stop}
        </Button>
      </div>
    </div>
  )
}

function deviceProgressText(progress: DeviceProgress): string {
  switch (progress.kind) {
    case 'loading':
      return t.loading
    case 'downloading':
      return messages.device.downloading(progress.doneBytes, progress.totalBytes)
    case 'step':
      return t.step(progress.done, progress.calls)
    default:
      return progress satisfies never
  }
}
