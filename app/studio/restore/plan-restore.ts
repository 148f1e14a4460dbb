// A picture's recipe report → what restoring it would change in the draft, and what of it cannot: the sizes a model offers are
// known here and not to the reader.

import { chooseModel, type Draft, type StudioModel } from '#app/draft/draft.ts'
import { messages } from '#app/messages/index.ts'
import { OPTIONAL_SETTING_NAMES } from '#contracts/settings.ts'
import type { RecipeField, RecipeReport } from '#recipes/metadata/recipe-report.ts'

const t = messages.restore

export interface RestorePlan {
  readonly change: Partial<Draft>
  readonly restored: readonly { readonly name: string; readonly value: string }[]
  readonly translated: readonly { readonly name: string; readonly value: string; readonly reason: string }[]
  readonly ignored: readonly { readonly name: string; readonly value: string; readonly reason: string }[]
  readonly missingModel: string | null
  readonly problems: readonly string[]
}

export function planRestore(report: RecipeReport, draft: Draft, models: readonly StudioModel[]): RestorePlan {
  const { modelId, width, height, ...fields } = report.fields
  const model = chooseModel({ ...draft, modelId: modelId ?? draft.modelId }, models)
  const isOffered = model?.sizes.some((size) => size.width === width && size.height === height) ?? false
  const hasSize = width !== undefined && height !== undefined
  const isSide = (field: RecipeField) => field === 'width' || field === 'height'
  const sizeRow = { name: t.fields.size, value: messages.studio.shapeName(width ?? 0, height ?? 0) }
  const { missingModel } = report
  const setBack = setBackBy(report, draft)
  return {
    change: {
      ...Object.fromEntries(setBack.map((field) => [field, null])),
      ...fields,
      ...(modelId !== undefined && { modelId }),
      ...(hasSize && isOffered && { size: { width, height } }),
    },
    restored: [
      ...report.restored
        .filter(({ field, value }) => !isSide(field) && value !== '')
        .map(({ field, value }) => ({ name: t.fields[field], value })),
      ...(hasSize && isOffered ? [sizeRow] : []),
      ...setBack.map((field) => ({ name: t.fields[field], value: t.setBack })),
    ],
    translated: report.translated
      .filter(({ field }) => !isSide(field) || isOffered)
      .map(({ field, from, to, reason }) => ({ name: t.fields[field], value: t.wasNow(from, to), reason })),
    ignored: [
      ...(hasSize && !isOffered && model !== undefined
        ? [{ ...sizeRow, reason: t.otherShape(offeredSizes(model)) }]
        : []),
      ...report.ignored.map(({ name, ...rest }) => ({ name: t.fields[name as RecipeField] ?? name, ...rest })),
    ],
    missingModel: missingModel === null ? null : (missingModel.name ?? missingModel.hash ?? t.unnamedModel),
    problems: report.problems,
  }
}

/** Optional settings the person has on and the picture was made without: left on, its seed would give another picture. */
function setBackBy({ fields }: RecipeReport, draft: Draft) {
  return OPTIONAL_SETTING_NAMES.filter((field) => draft[field] !== null && fields[field] === undefined)
}

function offeredSizes({ sizes }: StudioModel): string {
  return sizes.map(({ width, height }) => messages.studio.shapeName(width, height)).join(', ')
}
