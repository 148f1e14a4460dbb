// The whole prompt over a whole run: which distinct readings it has, and which one each step uses. Most prompts have one.
import type { Weighting } from '#contracts/recipe.ts'
import type { Prompt, PromptNode } from '#recipes/prompt/ast.ts'
import { parsePrompt } from '#recipes/prompt/parse.ts'
import { type Reading, readLiterally, readPrompt } from './read.ts'

export interface PromptPlan {
  /** Distinct readings, in the order of their first step. */
  readonly readings: readonly Reading[]
  /** Index into `readings` for steps 1 to `steps`. */
  readonly readingOfStep: readonly number[]
}

export interface PlanOptions {
  readonly steps: number
  /** The image's seed; draws `{a|b}`. */
  readonly seed: number
  readonly weighting: Weighting
  /** A negative prompt has one part: AND is text in it. Default false. */
  readonly isNegative?: boolean
}

/** @throws RangeError when `steps` is not a positive integer. */
export function planPrompt(text: string, { steps, seed, weighting, isNegative = false }: PlanOptions): PromptPlan {
  if (!Number.isInteger(steps) || steps < 1) throw new RangeError(`Steps are a positive integer, got ${steps}`)
  if (weighting === 'none') return constant(readLiterally(text), steps)
  const prompt = parsePrompt(text, { joins: !isNegative })
  if (!changesOverSteps(prompt)) return constant(readPrompt(prompt, { step: 1, steps, seed }), steps)
  const readings: Reading[] = []
  const known = new Map<string, number>()
  const readingOfStep = Array.from({ length: steps }, (_, index) => {
    const reading = readPrompt(prompt, { step: index + 1, steps, seed })
    const key = JSON.stringify(reading)
    const place = known.get(key) ?? readings.push(reading) - 1
    known.set(key, place)
    return place
  })
  return { readings, readingOfStep }
}

function constant(reading: Reading, steps: number): PromptPlan {
  return { readings: [reading], readingOfStep: new Array<number>(steps).fill(0) }
}

/** Whether any schedule or alternation is in it. */
export function changesOverSteps(prompt: Prompt): boolean {
  return prompt.parts.some((part) => part.nodes.some(changes))
}

function changes(node: PromptNode): boolean {
  switch (node.type) {
    case 'schedule':
    case 'alternate':
      return true
    case 'emphasis':
    case 'braces':
      return node.children.some(changes)
    case 'choice':
      return node.options.some((option) => option.some(changes))
    case 'text':
    case 'network':
    case 'break':
      return false
    default:
      return node satisfies never
  }
}
