// Our own canonical JSON: the PNG text `dewpoint`, the XMP property `dewpoint:recipe`, or a recipe file. Complete and exact.
import { type Recipe, recipeSchema } from '#contracts/recipe.ts'
import { upgradeRecipe } from '../../recipe-version.ts'
import { parseForeignRecord } from '../json.ts'
import type { Texts } from './texts.ts'

/**
 * @returns undefined where the texts hold no recipe of ours.
 * @throws TypeError when they hold one that breaks a rule, or is of a version this program does not know.
 */
export function readDewpoint(texts: Texts): Recipe | undefined {
  const own = texts.get('dewpoint', 'xmp:dewpoint:recipe')
  const text = own ?? texts.get('file')
  if (text === undefined) return undefined
  const record = parseForeignRecord(text)
  const looksLikeOurs = record !== undefined && 'version' in record && 'noise' in record && 'negativePrompt' in record
  if (own === undefined && !looksLikeOurs) return undefined
  const parsed = recipeSchema.safeParse(upgradeRecipe(record))
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new TypeError(`The recipe breaks a rule: ${issue?.path.join('.')}: ${issue?.message}`, { cause: parsed.error })
}
