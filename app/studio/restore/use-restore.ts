'use client'
// A picture arriving from outside: with a recipe in it the person is asked what to do; without, it is the picture to start from.
import { useRef, useState } from 'react'
import type { StudioModel } from '#app/draft/draft.ts'
import { getDraft, updateDraft } from '#app/draft/draft-store.ts'
import { messages } from '#app/messages/index.ts'
import type { CheckSubject } from '#app/pictures/check/check-subject.ts'
import type { Recipe } from '#contracts/recipe.ts'
import type { RecipeReport } from '#recipes/metadata/recipe-report.ts'
import { planRestore, type RestorePlan } from './plan-restore.ts'
import { readDroppedRecipe } from './read-dropped-recipe.ts'

interface Found {
  readonly file: File
  /** What made it, in a sentence. */
  readonly origin: string
  readonly plan: RestorePlan
  /** Our own recipe in it, of a model that is installed: it can be made again. */
  readonly recipe: Recipe | null
}

interface RestoreOptions {
  readonly models: readonly (StudioModel & { readonly hash: string })[]
  readonly startFromPicture: (file: File) => void
  /** Says that it is done, with a way back. */
  readonly onRestored: (undo: () => void) => void
}

export function useRestore({ models, startFromPicture, onRestored }: RestoreOptions) {
  const [found, setFound] = useState<Found | null>(null)
  const [checked, setChecked] = useState<CheckSubject | null>(null)
  const latest = useRef(0)

  const take = async (file: File): Promise<void> => {
    // Of two pictures dropped in a row the second counts, whichever is read first.
    const turn = ++latest.current
    const report = await readDroppedRecipe(file, models).catch(() => null)
    if (turn !== latest.current) return
    if (report === null) startFromPicture(file)
    else {
      const { recipe } = report
      const isInstalled = models.some(({ id, hash }) => id === recipe?.model.id && hash === recipe.model.hash)
      setFound({
        file,
        origin: originOf(report),
        plan: planRestore(report, getDraft(), models),
        recipe: recipe !== undefined && isInstalled ? recipe : null,
      })
    }
  }
  const close = () => setFound(null)
  const restore = () => {
    if (found === null) return
    const before = getDraft()
    updateDraft(found.plan.change)
    close()
    onRestored(() => updateDraft(before))
  }
  const startFrom = () => {
    if (found !== null) startFromPicture(found.file)
    close()
  }
  const check = () => {
    if (found === null || found.recipe === null) return
    // The address lives as long as the page: the dialog may be opened again.
    const url = URL.createObjectURL(found.file)
    setChecked({ recipe: found.recipe, url, imageId: null, madeOn: null })
    close()
  }
  return {
    plan: found?.plan ?? null,
    origin: found?.origin ?? '',
    /** undefined: the picture found cannot be made again here. */
    check: found?.recipe ? check : undefined,
    /** The picture that is to be made again. */
    checked,
    take,
    restore,
    startFrom,
    close,
    endCheck: () => setChecked(null),
  }
}

function originOf({ dialect, software }: RecipeReport): string {
  if (dialect === undefined) return ''
  const program = messages.restore.programs[dialect]
  return messages.restore.from(program, software === program ? undefined : software)
}
