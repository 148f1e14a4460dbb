import type { Recipe } from '#contracts/recipe.ts'

/** A plain recipe; spread it and change what a test is about. */
export const RECIPE: Recipe = {
  version: 1,
  model: { id: 'dewpoint', hash: 'ab'.repeat(32) },
  prompt: 'a panda eating tacos at the beach',
  negativePrompt: '',
  seed: 7,
  count: 1,
  width: 128,
  height: 128,
  steps: 25,
  sampler: 'ddim',
  schedule: 'automatic',
  guidanceScale: 4,
  noise: 'philox',
}
