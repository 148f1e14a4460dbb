'use client'
// Everything that decided the pixels, readable and copyable.
import { Copy, ScanSearch } from 'lucide-react'
import type { ReactNode } from 'react'
import { locale, messages } from '#app/messages/index.ts'
import { useModels } from '#app/models/use-models.ts'
import { Button } from '#app/ui/button.tsx'
import { IconButton } from '#app/ui/icon-button.tsx'
import { Time } from '#app/ui/time.tsx'
import { notify, notifyProblem } from '#app/ui/toast.tsx'
import type { GenerationDto, ImageDto } from '#contracts/generation.ts'
import { SAMPLERS, SCHEDULES } from '#contracts/samplers.ts'
import { OPTIONAL_SETTING_NAMES } from '#contracts/settings.ts'
import { shownValue } from '#recipes/metadata/shown-value.ts'
import { subjectOf } from '../check/check-subject.ts'
import { useCheckDialog } from '../check/lazy-check-dialog.tsx'

const t = messages.detail

const bytes = new Intl.NumberFormat(locale, { style: 'unit', unit: 'kilobyte', maximumFractionDigits: 0 })

async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
    notify(t.copied)
  } catch {
    notifyProblem(messages.share.copyFailed)
  }
}

interface RecipeProps {
  generation: GenerationDto
  image: ImageDto
  isInHistory: boolean
}

export function Recipe({ generation, image, isInHistory }: RecipeProps) {
  const { recipe } = generation
  const models = useModels()
  const subject = subjectOf(generation, image, isInHistory)
  const check = useCheckDialog(subject)
  return (
    <section aria-label={t.recipe} className="flex flex-col gap-5">
      <div>
        <div className="flex items-center justify-between">
          <h2 className="font-medium text-ink-2 text-sm">{t.prompt}</h2>
          <IconButton label={t.copyPrompt} onClick={() => void copy(recipe.prompt)}>
            <Copy aria-hidden />
          </IconButton>
        </div>
        <p className="max-h-72 overflow-y-auto whitespace-pre-wrap text-[15px] leading-6" dir="auto">
          {recipe.prompt}
        </p>
      </div>
      {recipe.negativePrompt === '' ? null : (
        <div>
          <h2 className="pb-1 font-medium text-ink-2 text-sm">{messages.studio.negative}</h2>
          <p className="whitespace-pre-wrap text-ink-2 text-sm leading-6" dir="auto">
            {recipe.negativePrompt}
          </p>
        </div>
      )}
      <dl className="border-line border-t">
        <Row name={messages.studio.seed}>{image.seed}</Row>
        <Row name={messages.studio.steps}>{recipe.steps}</Row>
        <Row name={messages.studio.guidance}>{recipe.guidanceScale}</Row>
        <Row name={messages.studio.sampler}>{SAMPLERS[recipe.sampler].label}</Row>
        <Row name={messages.studio.schedule}>{SCHEDULES[recipe.schedule].label}</Row>
        <Row name={t.size}>{messages.studio.shapeName(recipe.width, recipe.height)}</Row>
        <Row name={messages.studio.model}>
          {models.data?.find((model) => model.id === recipe.model.id)?.name ?? recipe.model.id}
        </Row>
        {optionalRows(recipe).map(({ field, value }) => (
          <Row key={field} name={messages.restore.fields[field]}>
            {value}
          </Row>
        ))}
        {recipe.input ? <Row name={t.startedFrom}>{t.strength(String(recipe.input.strength))}</Row> : null}
        <Row name={t.made}>
          <Time iso={generation.createdAt} />
        </Row>
        <Row name={t.ranOn}>{t.ranOnPlaces[image.madeOn]}</Row>
        {image.durationMs === null ? null : (
          <Row name={t.took}>
            {t.seconds((image.durationMs / 1000).toLocaleString(locale, { maximumFractionDigits: 1 }))}
          </Row>
        )}
        {image.sizeBytes === null ? null : <Row name={t.file}>{`PNG, ${bytes.format(image.sizeBytes / 1000)}`}</Row>}
        <Row name={t.hash}>
          <span title={generation.recipeHash}>{generation.recipeHash.slice(0, 12)}</span>
        </Row>
      </dl>
      {subject === null ? null : (
        <Button onClick={check.open}>
          <ScanSearch aria-hidden />
          {messages.check.action}
        </Button>
      )}
      {check.dialog}
    </section>
  )
}

/** Settings most pictures do without, where this one has them. */
function optionalRows(recipe: GenerationDto['recipe']) {
  return OPTIONAL_SETTING_NAMES.flatMap((field) => {
    const value = recipe[field]
    if (value === undefined || value === 'philox') return []
    return [{ field, value: shownValue(field, value) }]
  })
}

function Row({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="flex min-h-10 items-center justify-between gap-6 border-line border-b py-2 text-sm">
      <dt className="shrink-0 text-ink-2">{name}</dt>
      <dd className="min-w-0 break-words text-right tabular-nums">{children}</dd>
    </div>
  )
}
