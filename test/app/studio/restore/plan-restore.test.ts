// What restoring a picture's recipe would do to the draft.
import { describe, expect, it } from 'vitest'
import { EMPTY_DRAFT, type StudioModel } from '#app/draft/draft.ts'
import { planRestore } from '#app/studio/restore/plan-restore.ts'
import { readRecipe } from '#recipes/metadata/read-recipe.ts'

const model: StudioModel & { hash: string } = {
  id: 'dewpoint',
  name: 'Dewpoint',
  summary: 'Small',
  sizes: [{ width: 128, height: 128 }],
  fixedSize: true,
  defaults: { steps: 25, guidanceScale: 4, sampler: 'ddim', schedule: 'automatic' },
  examples: ['a fox in the forest'],
  hash: 'a'.repeat(64),
}
const plan = async (infotext: string) => {
  const report = await readRecipe(new TextEncoder().encode(infotext), {
    knownModels: [model],
  })
  return planRestore(report, { ...EMPTY_DRAFT, prompt: 'mine', count: 3 }, [model])
}

describe('planRestore', () => {
  it('changes what the picture says and nothing else', async () => {
    const { change, restored, missingModel } = await plan(
      'a fox\nSteps: 12, Sampler: Euler, CFG scale: 6, Seed: 5, Size: 128x128, Model: Dewpoint',
    )
    expect(change).toEqual({
      prompt: 'a fox',
      negativePrompt: '',
      steps: 12,
      sampler: 'euler',
      schedule: 'uniform',
      guidanceScale: 6,
      seed: 5,
      modelId: 'dewpoint',
      size: { width: 128, height: 128 },
    })
    expect(restored.map(({ name }) => name)).toContain('Shape')
    expect(missingModel).toBeNull()
  })

  it('leaves a shape the model does not make, and a model that is not installed, and says both', async () => {
    const { change, ignored, missingModel } = await plan(
      'a fox\nSteps: 12, Sampler: Euler, CFG scale: 6, Seed: 5, Size: 512x768, Model: other, RNG: CPU',
    )
    expect(change).not.toHaveProperty('size')
    expect(change).not.toHaveProperty('modelId')
    expect(ignored[0]).toMatchObject({ name: 'Shape', reason: 'This model makes 128 × 128' })
    expect(change).toMatchObject({ noise: 'mt19937' })
    expect(missingModel).toBe('other')
  })

  it('takes the optional settings over, and takes back those the picture was made without', async () => {
    const report = await readRecipe(
      new TextEncoder().encode(
        'a fox\nSteps: 12, Sampler: Euler, CFG scale: 6, Seed: 5, Size: 128x128, RNG: CPU, Sigma churn: 3',
      ),
      { knownModels: [model] },
    )
    const { change, restored, ignored } = planRestore(report, { ...EMPTY_DRAFT, tiling: 'x', eta: 0.2 }, [model])
    expect(change).toMatchObject({ noise: 'mt19937', sChurn: 3, tiling: null, eta: null })
    expect(restored).toEqual(
      expect.arrayContaining([
        { name: 'Churn', value: '3' },
        { name: 'Seamless edges', value: 'not set, as in this picture' },
      ]),
    )
    expect(ignored).toEqual([])
  })

  it('calls a setting that is out of range as the form calls it', async () => {
    const { change, ignored } = await plan('a fox\nSteps: 12, Sampler: Euler, Seed: 5, Schedule rho: 40')
    expect(change).not.toHaveProperty('rho')
    expect(ignored).toEqual([{ name: 'Schedule bend', value: '40', reason: '0.1 to 30 works here' }])
  })
})
