'use client'
// Which model draws: what is installed, how large it is, under which licence, and where it can run.
import { useDeviceFits } from '#app/device/pictures/use-device-fit.ts'
import { updateDraft } from '#app/draft/draft-store.ts'
import { messages } from '#app/messages/index.ts'
import { FieldRow } from '#app/ui/field.tsx'
import { SelectField } from '#app/ui/select-field.tsx'
import type { ModelDto } from '#contracts/api.ts'
import { WordButtons } from './word-buttons.tsx'

const t = messages.models

interface ModelChoiceProps {
  model: ModelDto
  models: readonly ModelDto[]
}

export function ModelChoice({ model, models }: ModelChoiceProps) {
  const fits = useDeviceFits(models)
  const facts = models.map((one, at) => ({ id: one.id, label: one.name, summary: factsOf(one, fits[at]) }))
  const own = facts.find(({ id }) => id === model.id)
  return (
    <div className="flex flex-col gap-2">
      {models.length > 1 ? (
        <SelectField
          label={messages.studio.model}
          groups={[{ label: null, options: facts.map(({ id, ...option }) => ({ value: id, ...option })) }]}
          value={model.id}
          defaultValue={models[0]?.id ?? model.id}
          onChange={(modelId) => updateDraft({ modelId })}
        />
      ) : (
        <FieldRow label={<span className="font-medium text-sm">{messages.studio.model}</span>} hint={own?.summary}>
          <p className="text-sm">{model.name}</p>
        </FieldRow>
      )}
      {model.triggerWords === undefined ? null : <WordButtons label={t.triggers} words={model.triggerWords} />}
    </div>
  )
}

/** `canRunHere`: undefined until this device has been looked at. */
function factsOf(model: ModelDto, canRunHere: boolean | undefined): string {
  const { summary, sizeBytes, license, workers } = model
  return `${summary} ${t.facts(sizeBytes, license)} ${t.places[placesOf(workers.length > 0, canRunHere)]}`
}

function placesOf(onServer: boolean, canRunHere: boolean | undefined): keyof typeof t.places {
  if (canRunHere === undefined) return onServer ? 'serverLooking' : 'nobodyLooking'
  if (onServer) return canRunHere ? 'both' : 'server'
  return canRunHere ? 'device' : 'nobody'
}
