'use client'
// The Studio: wires draft, models, session, submissions and the list to the composer and the feed.
import { parseAsString, useQueryState } from 'nuqs'
import { useEffect, useEffectEvent, useState } from 'react'
import { isOpen } from '#app/device/pictures/device-picture.ts'
import { deviceRunner } from '#app/device/pictures/this-device.ts'
import { useMeasure } from '#app/device/pictures/use-device-fit.ts'
import { useDeviceGenerations, useDevicePictures } from '#app/device/pictures/use-device-pictures.ts'
import { changedSettings, chooseModel, requestOf } from '#app/draft/draft.ts'
import { getDraft, updateDraft, useDraft } from '#app/draft/draft-store.ts'
import { useInputRequest } from '#app/draft/input-request.ts'
import { hasEnded } from '#app/generations/apply-event.ts'
import { useConnectionLost, useLiveSteps } from '#app/generations/live-updates.tsx'
import { useSubmissions, useSubmit } from '#app/generations/submissions.ts'
import { useGenerationActions } from '#app/generations/use-generation-actions.ts'
import { useGenerationList } from '#app/generations/use-generations.ts'
import { messages } from '#app/messages/index.ts'
import { useModels } from '#app/models/use-models.ts'
import { useOnline } from '#app/offline/use-online.ts'
import { CheckDialog } from '#app/pictures/check/lazy-check-dialog.tsx'
import { useMe } from '#app/session/use-session.ts'
import { newKey } from '#app/trpc/new-key.ts'
import { notify, notifyProblem } from '#app/ui/toast.tsx'
import type { GenerationDto } from '#contracts/generation.ts'
import { Composer } from './composer.tsx'
import { Feed } from './feed.tsx'
import { useDroppedPicture } from './input/use-dropped-picture.ts'
import { useInputPicture } from './input/use-input-picture.ts'
import { type ChosenPlaceFacts, usePlace } from './place/use-place.ts'
import { useStartOnDevice } from './place/use-start-on-device.ts'
import { WhereItRuns } from './place/where-it-runs.tsx'
import { ProgressAnnouncer } from './progress-announcer.tsx'
import { readingOf, usePromptAnalysis } from './prompt/use-prompt-analysis.ts'
import { RestoreDialog } from './restore/restore-dialog.tsx'
import { useRestore } from './restore/use-restore.ts'
import { SaveNotice } from './save-notice.tsx'
import { SettingsPanel } from './settings/settings-panel.tsx'
import { ShortcutsDialog } from './shortcuts-dialog.tsx'
import { useShortcuts } from './use-shortcuts.ts'

const t = messages.studio

export function Studio() {
  const draft = useDraft()
  const me = useMe()
  const models = useModels()
  const model = models.data ? chooseModel(draft, models.data) : undefined
  const list = useGenerationList(me !== null && me !== undefined)
  const generations = list.data?.pages.flatMap((page) => page.items)
  const submissions = useSubmissions()
  const submit = useSubmit()
  const actions = useGenerationActions()
  const input = useInputPicture()
  const connectionLost = useConnectionLost()
  const online = useOnline()
  const analyzed = usePromptAnalysis(draft.prompt, model, readingOf(draft, model))
  const place = usePlace(draft, model, me)
  const measure = useMeasure(model)
  const startOnDevice = useStartOnDevice()
  const devicePictures = useDevicePictures()
  const deviceGenerations = useDeviceGenerations()
  // Whichever was clicked last, wherever it is made.
  const announced = [...deviceGenerations.slice(0, 1), ...(generations ?? []).slice(0, 1)].sort((a, b) =>
    a.createdAt < b.createdAt ? 1 : -1,
  )
  const [help, setHelp] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)

  const restore = useRestore({
    models: models.data ?? [],
    startFromPicture: (file) => void input.choose(file),
    onRestored: (undo) => notify(messages.restore.done, { label: messages.image.undo, run: undo }),
  })
  const dragging = useDroppedPicture((file) => void restore.take(file))
  useInputRequest((url) => {
    void fetch(url)
      .then((response) => response.blob())
      .then(input.choose)
  })
  useSharedPrompt()
  useSeededSteps(generations)

  const generate = () => {
    if (draft.prompt.trim() === '') {
      setProblem(t.promptMissing)
      return
    }
    const left = me ? me.allowance.limit - me.allowance.used : null
    const isHere = place.place === 'device'
    if (model === undefined || (left === 0 && !isHere) || input.progress !== null) return
    setProblem(null)
    window.scrollTo({ top: 0 })
    // The keyboard of a phone would cover what is about to form.
    if (matchMedia('(pointer: coarse)').matches && document.activeElement instanceof HTMLElement) {
      document.activeElement.blur()
    }
    const request = requestOf(draft, model, newKey())
    if (!isHere) void submit(request)
    else
      startOnDevice(request, model).catch((error: Error) =>
        notifyProblem(`${messages.device.refusedRecipe} ${error.message}`),
      )
  }
  const cancelLatest = () => {
    const here = devicePictures.find(isOpen)
    if (here) {
      void deviceRunner().stop(here.id)
      return
    }
    const running = generations?.find((generation) => generation.images.some((image) => !hasEnded(image)))
    if (!running) return
    void actions.cancel(running).then(() => notify(t.cancelConfirm))
  }
  useShortcuts({ generate, cancel: cancelLatest, help: () => setHelp(true) })

  const notice =
    !online && place.place === 'device'
      ? messages.device.offline
      : place.place === 'device'
        ? null
        : connectionLost
          ? t.offline
          : models.isError
            ? t.modelsFailed
            : models.data?.length === 0
              ? t.noModels
              : model?.workers.length === 0
                ? t.noWorker
                : null

  return (
    <main id="main" className="lg:grid lg:grid-cols-[25rem_minmax(0,1fr)]">
      <h1 className="sr-only">{t.title}</h1>
      <Composer
        draft={draft}
        me={me}
        problem={draft.prompt.trim() === '' ? problem : null}
        notice={notice}
        ready={model !== undefined && input.progress === null}
        settings={
          model && models.data ? (
            <SettingsPanel
              draft={draft}
              model={model}
              models={models.data}
              input={input}
              whereItRuns={<WhereItRuns place={place} signedIn={me !== null} measure={measure} />}
            />
          ) : null
        }
        changed={model ? changedSettings(draft, model) + (draft.input ? 1 : 0) : 0}
        analyzed={analyzed}
        free={place.place === 'device' ? freeWords(place) : null}
        onGenerate={generate}
      />
      <section aria-label={t.feed} className="px-4 pt-5 pb-72 sm:px-6 lg:px-10 lg:pt-8 lg:pb-16">
        <SaveNotice />
        <Feed
          submissions={submissions}
          generations={generations}
          devicePictures={devicePictures}
          nobody={me === null}
          failed={list.isError}
          onRetry={() => void list.refetch()}
          examples={model?.examples ?? []}
        />
      </section>
      <ProgressAnnouncer generations={announced} />
      <ShortcutsDialog open={help} onOpenChange={setHelp} />
      <RestoreDialog
        plan={restore.plan}
        origin={restore.origin}
        onRestore={restore.restore}
        onUseAsInput={restore.startFrom}
        onCheck={restore.check}
        onClose={restore.close}
      />
      {restore.checked === null ? null : <CheckDialog subject={restore.checked} open onOpenChange={restore.endCheck} />}
      {dragging ? (
        <div className="pointer-events-none fixed inset-0 z-50 grid place-items-center bg-scrim p-6">
          <p className="rounded-card bg-raised px-6 py-4 font-medium text-ink shadow-float">{t.inputDrop}</p>
        </div>
      ) : null}
    </main>
  )
}

function freeWords({ facts: { device } }: ChosenPlaceFacts): string {
  const bytes = device.kind === 'fits' ? device.downloadBytes : 0
  return bytes > 0 ? messages.place.freeDownload(bytes) : messages.place.free
}

/** `/?prompt=…`, as the share page links: taken over once, with a way back to what was there. */
function useSharedPrompt(): void {
  const [shared, setShared] = useQueryState('prompt', parseAsString)
  const take = useEffectEvent((prompt: string) => {
    const before = getDraft()
    void setShared(null)
    if (before.prompt === prompt) return
    updateDraft({ prompt })
    notify(t.promptTaken, { label: messages.image.undo, run: () => updateDraft({ prompt: before.prompt }) })
  })
  useEffect(() => {
    if (shared !== null && shared !== '') take(shared)
  }, [shared])
}

/** After a reload the list knows how far running images are; show that until their next step comes. */
function useSeededSteps(generations: readonly GenerationDto[] | undefined): void {
  const live = useLiveSteps()
  useEffect(() => {
    for (const generation of generations ?? []) for (const image of generation.images) live.seed(image)
  }, [generations, live])
}
