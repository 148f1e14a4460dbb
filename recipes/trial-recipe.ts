// A recipe to try a model out with: to warm it up, to measure it, to see that it runs at all.
import type { ModelManifest } from '#contracts/model-manifest.ts'
import type { Recipe } from '#contracts/recipe.ts'

/** The model's first example at its first size and with its defaults. @throws RangeError when it offers no size. */
export function trialRecipe(
  manifest: Pick<ModelManifest, 'id' | 'hash' | 'sizes' | 'examples' | 'defaults'>,
  { steps }: { readonly steps: number },
): Recipe {
  const [size] = manifest.sizes
  if (size === undefined) throw new RangeError(`Model ${manifest.id} offers no size`)
  return {
    version: 1,
    model: { id: manifest.id, hash: manifest.hash },
    prompt: manifest.examples[0] ?? '',
    negativePrompt: '',
    seed: 0,
    count: 1,
    ...size,
    ...manifest.defaults,
    steps,
    noise: 'philox',
  }
}
