'use client'
// Auto, Server or This device, each with what it would take; under them why Auto chose, or what the choice means.
import { Radio } from '@base-ui/react/radio'
import { RadioGroup } from '@base-ui/react/radio-group'
import { Switch } from '@base-ui/react/switch'
import Link from 'next/link'
import { type ReactNode, useId, useState } from 'react'
import { messages } from '#app/messages/index.ts'
import { Button } from '#app/ui/button.tsx'
import { notifyProblem } from '#app/ui/toast.tsx'
import { PLACES, type Place } from './choose-place.ts'
import { usePlaceChoice } from './place-store.ts'
import type { ChosenPlaceFacts } from './use-place.ts'

const t = messages.place

interface WhereItRunsProps {
  place: ChosenPlaceFacts
  signedIn: boolean
  measure: () => Promise<void>
}

export function WhereItRuns({ place, signedIn, measure }: WhereItRunsProps) {
  const id = useId()
  const { choice, facts } = place
  const closed = closedBecause(place)
  return (
    <div className="flex flex-col gap-2">
      <span id={id} className="font-medium text-sm">
        {t.label}
      </span>
      <RadioGroup<Place>
        aria-labelledby={id}
        value={choice}
        onValueChange={(next) => usePlaceChoice.setState({ place: next })}
        className="flex flex-col overflow-hidden rounded-control border border-line-strong bg-raised"
      >
        {PLACES.map((one) => (
          <Radio.Root
            key={one}
            value={one}
            disabled={one === 'device' && closed !== null}
            aria-describedby={`${id}-${one}`}
            aria-label={t.places[one]}
            className="group flex min-h-11 cursor-pointer select-none items-center justify-between gap-3 border-line px-3 text-ink-2 text-sm transition-colors -outline-offset-2 not-first:border-t hover:bg-sunken data-disabled:cursor-not-allowed data-checked:bg-accent-soft data-disabled:bg-sunken data-checked:text-ink data-disabled:text-ink-3"
          >
            <span className="flex items-center gap-2.5">
              <span
                aria-hidden
                className="grid size-4 place-items-center rounded-full border border-line-strong group-data-checked:border-accent"
              >
                <Radio.Indicator className="size-2 rounded-full bg-accent" />
              </span>
              {t.places[one]}
            </span>
            <span
              id={`${id}-${one}`}
              className="text-right text-ink-3 text-xs tabular-nums group-data-checked:text-ink-2"
            >
              {estimateOf(one, place)}
            </span>
          </Radio.Root>
        ))}
      </RadioGroup>
      <div aria-live="polite" className="text-ink-3 text-xs leading-5">
        {choice === 'auto' ? <p>{whyWords(place)}</p> : null}
        {closed === null || choice === 'server' ? null : <p>{closed}</p>}
      </div>
      {facts.device.kind === 'fits' ? <DeviceOptions place={place} signedIn={signedIn} measure={measure} /> : null}
    </div>
  )
}

function whyWords({ auto: { why }, facts }: ChosenPlaceFacts): string {
  return why === 'server-only' && facts.serverOnly === 'networks' ? messages.models.whyServerOnly : t.why[why]
}

/** Why "This device" cannot be chosen; null: it can. */
function closedBecause({ facts }: ChosenPlaceFacts): string | null {
  if (facts.device.kind === 'unfit') return t.unfitHere(facts.device.reason)
  if (facts.serverOnly === null) return null
  return facts.serverOnly === 'input' ? t.inputOnServer : messages.models.onServer
}

function estimateOf(place: Place, { facts, auto }: ChosenPlaceFacts): string {
  if (place === 'auto') return t.places[auto.place]
  if (place === 'server') {
    if (!facts.online) return t.offline
    if (facts.workers === 0) return t.serverNobody
    return facts.serverSeconds === null ? t.noEstimate : t.time(facts.serverSeconds)
  }
  const { device } = facts
  if (device.kind === 'unknown') return t.looking
  if (device.kind === 'unfit') return t.unfit
  if (device.downloadBytes > 0) return t.download(device.downloadBytes)
  return device.seconds === null ? t.unmeasured : t.time(device.seconds)
}

function DeviceOptions({ place, signedIn, measure }: WhereItRunsProps) {
  const { saveToHistory } = usePlaceChoice()
  const { device } = place.facts
  const [measuring, setMeasuring] = useState(false)
  const run = () => {
    setMeasuring(true)
    measure()
      .catch(() => notifyProblem(t.measureFailed))
      .finally(() => setMeasuring(false))
  }
  const isHere = device.kind === 'fits' && device.downloadBytes === 0
  const isUsed = isHere || place.place === 'device'
  if (!isUsed) return null
  return (
    <div className="flex flex-col gap-2">
      {signedIn ? (
        <Toggle
          label={t.save}
          hint={t.saveHint}
          checked={saveToHistory}
          onChange={(next) => usePlaceChoice.setState({ saveToHistory: next })}
        />
      ) : (
        <p className="text-ink-3 text-xs leading-5">{t.saveSignedOut}</p>
      )}
      <div className="-mx-3 flex flex-wrap items-center gap-x-1">
        {isHere && device.kind === 'fits' && device.seconds === null ? (
          <Button variant="ghost" size="sm" aria-disabled={measuring} onClick={measuring ? undefined : run}>
            {measuring ? t.measuring : t.measure}
          </Button>
        ) : null}
        <Link
          href="/storage"
          className="inline-flex min-h-9 items-center rounded-control px-3 font-medium text-ink-2 text-sm hover:bg-sunken hover:text-ink pointer-coarse:min-h-11"
        >
          {t.storage}
        </Link>
      </div>
    </div>
  )
}

interface ToggleProps {
  label: string
  hint: ReactNode
  checked: boolean
  onChange: (checked: boolean) => void
}

function Toggle({ label, hint, checked, onChange }: ToggleProps) {
  const id = useId()
  return (
    <div className="flex flex-col">
      <label htmlFor={id} className="flex min-h-11 cursor-pointer items-center justify-between gap-4 text-sm">
        {label}
        <Switch.Root
          id={id}
          aria-describedby={`${id}-hint`}
          checked={checked}
          onCheckedChange={onChange}
          className="relative flex h-6 w-10 shrink-0 rounded-full border border-line-strong bg-sunken p-0.5 transition-colors data-checked:border-accent data-checked:bg-accent"
        >
          <Switch.Thumb className="aspect-square h-full rounded-full bg-ink-3 transition-transform duration-150 data-checked:translate-x-4 data-checked:bg-accent-ink" />
        </Switch.Root>
      </label>
      <p id={`${id}-hint`} className="text-ink-3 text-xs leading-5">
        {hint}
      </p>
    </div>
  )
}
