import { describe, expect, test } from 'vitest'
import type { NetworkRef, Recipe } from '#contracts/recipe.ts'
import { networksOf } from '#recipes/prompt/networks.ts'
import { tinyRecipe } from '#test/integration/diffusion/golden-run.ts'

const ink: NetworkRef = { kind: 'lora', name: 'ink', hash: '1'.repeat(64) }
const word: NetworkRef = { kind: 'embedding', name: 'word', hash: '2'.repeat(64) }
const strengths = (prompt: string, overrides: Partial<Recipe> = {}) =>
  networksOf(tinyRecipe('sd1', { prompt, networks: [ink, word], ...overrides })).map(({ name, strength }) => [
    name,
    strength,
  ])

describe('the networks a recipe needs', () => {
  test('are as strong as the prompt says, together where it says so twice', () => {
    expect(strengths('a fox <lora:ink:0.75>')).toEqual([
      ['ink', 0.75],
      ['word', 1],
    ])
    expect(strengths('<lora:ink:0.75> a (fox <lora:ink:-0.5>:1.2)')).toEqual([
      ['ink', 0.25],
      ['word', 1],
    ])
    expect(strengths('<lora:ink>')).toEqual([
      ['ink', 1],
      ['word', 1],
    ])
  })

  test('are none where the strengths cancel out, the prompt is literal, or the recipe has no file', () => {
    expect(strengths('<lora:ink:1><lora:ink:-1>')).toEqual([['word', 1]])
    expect(strengths('<lora:ink:1>', { weighting: 'none' })).toEqual([['word', 1]])
    expect(strengths('<lora:other:1>')).toEqual([['word', 1]])
    expect(networksOf(tinyRecipe('sd1', { prompt: '<lora:ink:1>' }))).toEqual([])
  })

  test('of a schedule count all the time, of a choice when drawn', () => {
    expect(strengths('[<lora:ink:0.5>:b:0.5]')).toEqual([
      ['ink', 0.5],
      ['word', 1],
    ])
    const drawn = [...Array(8).keys()].map((seed) => strengths('{<lora:ink:0.5>|b}', { seed }).length)
    expect(new Set(drawn)).toEqual(new Set([1, 2]))
  })
})
