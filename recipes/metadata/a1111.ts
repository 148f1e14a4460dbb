// A recipe as the "infotext" AUTOMATIC1111's web UI writes into PNG `parameters` and half the world reads: prompt lines, a
// `Negative prompt:` line, one line of `Key: value` pairs. Grammar: modules/processing.py create_infotext and
// modules/infotext_utils.py quote. Reading it (and its many relatives) lives beside this file.
import type { Recipe } from '#contracts/recipe.ts'
import { SAMPLERS, SCHEDULES } from '#contracts/samplers.ts'
import { INFOTEXT_KEYS } from '#contracts/settings.ts'

export interface ParametersFacts {
  /** The model's name as people know it; the recipe holds only its id and hash. */
  readonly modelName: string
  /** What made the picture, such as `Dewpoint` and its version. */
  readonly version: string
}

/** A1111 names a checkpoint by the first ten digits of its SHA-256; the recipe's model hash is cut the same way. */
const MODEL_HASH_DIGITS = 10

/**
 * The infotext of one picture. `recipe` is the recipe of one image (count 1, its own seed: see imageRecipe).
 *
 * Keys in A1111's order, each only where it says something. `RNG` is left out as A1111 leaves it out: absent means the GPU's
 * numbers, which Philox noise is. What A1111 has no key for (tiling one way only, guidance rescale, compel's weights) is not in it.
 * The grammar has no escape for a prompt whose own lines look like `Negative prompt:` or like the last line; the canonical
 * JSON written beside it has no such gap.
 * @throws RangeError when the recipe is of several images.
 */
export function formatParameters(recipe: Recipe, facts: ParametersFacts): string {
  if (recipe.count !== 1) {
    throw new RangeError(`Metadata describes one picture: count is 1, got ${recipe.count} (see imageRecipe)`)
  }
  const { input, variation, hires, mask } = recipe
  const pairs: [key: string, value: string | number | undefined][] = [
    ['Steps', recipe.steps],
    ['Sampler', SAMPLERS[recipe.sampler].label],
    ['Schedule type', SCHEDULES[recipe.schedule].label],
    ['CFG scale', recipe.guidanceScale],
    ['Seed', recipe.seed],
    ['Size', `${recipe.width}x${recipe.height}`],
    ['Model hash', recipe.model.hash.slice(0, MODEL_HASH_DIGITS)],
    ['Model', facts.modelName],
    ['Variation seed', variation?.seed],
    ['Variation seed strength', variation?.strength],
    // One key for both there: with a second pass it is that pass's.
    ['Denoising strength', hires?.strength ?? input?.strength],
    ['RNG', recipe.noise === 'mt19937' ? 'CPU' : undefined],
    ['Tiling', recipe.tiling === 'xy' ? 'True' : undefined],
    ['Emphasis', recipe.weighting === 'none' ? 'None' : undefined],
    ['Mask blur', mask?.blurPx],
    ['Inpaint area', mask?.region === 'masked' ? 'Only masked' : undefined],
    ['Masked area padding', mask?.region === 'masked' ? mask.paddingPx : undefined],
    ['Hires resize', hires && `${hires.width}x${hires.height}`],
    ['Hires steps', hires?.steps],
    ['Hires upscaler', hires && (hires.upscaler === 'latent' ? 'Latent' : 'Lanczos')],
    ...INFOTEXT_KEYS.map(([name, key]): [string, number | undefined] => [key, recipe[name]]),
    ['Noise Schedule', recipe.zeroTerminalSnr === true ? 'Zero Terminal SNR' : undefined],
    ['Version', facts.version],
  ]
  const negative = recipe.negativePrompt === '' ? '' : `\nNegative prompt: ${recipe.negativePrompt}`
  const settings = pairs
    .flatMap(([key, value]) => (value === undefined ? [] : `${key}: ${quote(String(value))}`))
    .join(', ')
  return `${recipe.prompt}${negative}\n${settings}`.trim()
}

/**
 * A value with a comma, colon or newline would read as several pairs: A1111 writes those as a JSON string. So are values that start
 * like JSON, which readers would unquote.
 */
export function quote(value: string): string {
  return /[,:\n]|^["{[]/.test(value) ? JSON.stringify(value) : value
}
