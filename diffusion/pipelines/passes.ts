// What one pass over the noise levels is asked to do. Most recipes have one; hires adds a second at a larger size.
import type { Recipe } from '#contracts/recipe.ts'

export interface Pass {
  readonly number: 1 | 2
  /** Picture size in pixels. */
  readonly width: number
  readonly height: number
  readonly steps: number
  /** How far what it starts from is noised; absent when it starts from noise alone. */
  readonly strength: number | undefined
}

export function firstPass({ width, height, steps, input }: Recipe): Pass {
  return { number: 1, width, height, steps, strength: input?.strength }
}

export function secondPass({ hires }: Recipe): Pass | undefined {
  return hires && { number: 2, width: hires.width, height: hires.height, steps: hires.steps, strength: hires.strength }
}
