'use client'
// Where the draft's pictures would be made, and what is known about each place: for the setting, the button and the click.
import { useDeviceFit } from '#app/device/pictures/use-device-fit.ts'
import { type Draft, settingsOf } from '#app/draft/draft.ts'
import { networksIn, useNetworks } from '#app/models/use-networks.ts'
import { useOnline } from '#app/offline/use-online.ts'
import type { ModelDto } from '#contracts/api.ts'
import type { MeDto } from '#contracts/generation.ts'
import { type ChosenPlace, choosePlace, type Place, type PlaceFacts, type Why } from './choose-place.ts'
import { usePlaceChoice } from './place-store.ts'

export interface ChosenPlaceFacts {
  readonly choice: Place
  /** Where a click now goes. */
  readonly place: ChosenPlace
  /** What Auto would say. */
  readonly auto: { readonly place: ChosenPlace; readonly why: Why }
  readonly facts: PlaceFacts
  /** On what the device's estimate was measured; null before it was. */
  readonly measuredOn: string | null
}

export function usePlace(draft: Draft, model: ModelDto | undefined, me: MeDto | null | undefined): ChosenPlaceFacts {
  const { place: choice } = usePlaceChoice()
  const online = useOnline()
  const { data } = useDeviceFit(model)
  const networks = networksIn(draft, useNetworks())
  const facts: PlaceFacts = {
    online,
    count: draft.count,
    left: me ? me.allowance.limit - me.allowance.used : null,
    workers: model?.workers.reduce((sum, { count }) => sum + count, 0) ?? 0,
    serverSeconds: model === undefined ? null : serverSeconds(draft, model),
    serverOnly: draft.input !== null ? 'input' : networks.length > 0 ? 'networks' : null,
    // An engine that cannot even be asked, such as without its script and without a network, is not known to be unfit.
    device: data === undefined ? { kind: 'unknown' } : deviceFacts(draft, model, data),
  }
  const auto = choosePlace(facts)
  return {
    choice,
    // What only the server can do it does, whatever was chosen: the other picture would not be the one asked for.
    place: choice === 'auto' || facts.serverOnly !== null ? auto.place : choice,
    auto,
    facts,
    measuredOn: data?.estimate?.gpu ?? null,
  }
}

/** Until the click's last picture, everybody's before it included. */
function serverSeconds(draft: Draft, model: ModelDto): number | null {
  const workers = model.workers.reduce((sum, { count }) => sum + count, 0)
  if (model.pace === null || workers === 0) return null
  const { steps } = settingsOf(draft, model)
  const rounds = Math.ceil((model.pace.waiting + draft.count) / workers)
  return rounds * model.pace.secondsPerStep * steps
}

function deviceFacts(
  draft: Draft,
  model: ModelDto | undefined,
  { fit, estimate }: NonNullable<ReturnType<typeof useDeviceFit>['data']>,
): PlaceFacts['device'] {
  if (fit.kind === 'unfit') return fit
  const { downloadBytes } = fit
  if (estimate === null || model === undefined) return { kind: 'fits', downloadBytes, seconds: null }
  const { steps, width, height } = settingsOf(draft, model)
  const [first] = model.sizes
  // Measured at the model's first size; work grows at least with the pixels.
  const scale = first === undefined ? 1 : (width * height) / (first.width * first.height)
  const seconds = draft.count * scale * (estimate.overheadSeconds + estimate.secondsPerStep * steps)
  return { kind: 'fits', downloadBytes, seconds }
}
