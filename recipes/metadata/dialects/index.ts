// All dialects, most specific first: the ones that name themselves before the ones recognised by shape.
import type { Recipe } from '#contracts/recipe.ts'
import type { ForeignRecipe } from '../foreign-recipe.ts'
import { asRecord, parseForeignJson } from '../json.ts'
import { type Pixels, readStealthText } from '../stealth.ts'
import type { TextEntry } from '../text-entry.ts'
import { readA1111 } from './a1111.ts'
import { readComfyUi } from './comfyui.ts'
import { readDewpoint } from './dewpoint.ts'
import { readDrawThings } from './drawthings.ts'
import { readEasyDiffusion } from './easydiffusion.ts'
import { readFooocus } from './fooocus.ts'
import { readInvokeAi } from './invokeai.ts'
import { readNovelAi } from './novelai.ts'
import { readRuinedFooocus } from './ruinedfooocus.ts'
import { readSwarmUi } from './swarmui.ts'
import { Texts } from './texts.ts'

/** ComfyUI comes last: savers for it write A1111's text beside the graph, which says the same more plainly. */
const DIALECTS: readonly ((texts: Texts) => ForeignRecipe | undefined)[] = [
  readSwarmUi,
  readInvokeAi,
  readRuinedFooocus,
  readEasyDiffusion,
  readFooocus,
  readDrawThings,
  readNovelAi,
  readA1111,
  readComfyUi,
]

export interface FoundRecipe {
  readonly recipe?: Recipe | undefined
  readonly foreign?: ForeignRecipe | undefined
  readonly problems: readonly string[]
}

/** The first dialect that recognises the texts; else the pixels, where they are given. Never throws for what it reads. */
export async function readForeign(
  entries: readonly TextEntry[],
  readPixels: (() => Promise<Pixels | undefined>) | undefined,
): Promise<FoundRecipe> {
  const fromTexts = readEntries(entries)
  if (fromTexts.recipe !== undefined || fromTexts.foreign !== undefined || readPixels === undefined) return fromTexts
  try {
    const pixels = await readPixels()
    const hidden = pixels === undefined ? undefined : await readStealthText(pixels)
    if (hidden === undefined) return fromTexts
    const fromPixels = readEntries(hiddenEntries(hidden))
    return { ...fromPixels, problems: [...fromTexts.problems, ...fromPixels.problems] }
  } catch (error) {
    return { problems: [...fromTexts.problems, messageOf(error)] }
  }
}

function readEntries(entries: readonly TextEntry[]): FoundRecipe {
  const texts = new Texts(entries)
  const problems: string[] = []
  const attempt = <Result>(read: (texts: Texts) => Result): Result | undefined => {
    try {
      return read(texts)
    } catch (error) {
      const message = messageOf(error)
      if (!problems.includes(message)) problems.push(message)
      return undefined
    }
  }
  const recipe = attempt(readDewpoint)
  if (recipe !== undefined) return { recipe, problems }
  for (const read of DIALECTS) {
    const foreign = attempt(read)
    if (foreign !== undefined) return { foreign, problems }
  }
  return { problems }
}

/** Hidden text is either a record of all texts (NovelAI) or an infotext (the A1111 extensions). */
function hiddenEntries(hidden: string): TextEntry[] {
  if (!hidden.trimStart().startsWith('{')) return [{ key: 'parameters', text: hidden }]
  const record = asRecord(parseForeignJson(hidden)) ?? {}
  const texts = Object.entries(record).flatMap(([key, value]) =>
    typeof value === 'string' ? [{ key, text: value }] : [],
  )
  return [...texts, { key: 'parameters', text: hidden }]
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
