// From what was asked to the recipe that decides the pixels, by the rules of contracts/recipe.ts and of the model. Pure.
import type { z } from 'zod'
import { DewpointError } from '#contracts/errors.ts'
import type { createGenerationSchema } from '#contracts/generation.ts'
import type { ModelManifest } from '#contracts/model-manifest.ts'
import { type NetworkRef, type Recipe, recipeSchema } from '#contracts/recipe.ts'

type Asked = Omit<z.output<typeof createGenerationSchema>, 'idempotencyKey'>

/** @throws DewpointError input.invalid naming the field, the value and the rule. */
export function buildRecipe(
  model: Pick<ModelManifest, 'id' | 'hash' | 'name' | 'sizes' | 'fixedSize'>,
  asked: Asked,
  /** What was not asked for in so many words. `networks`: the files behind the LoRAs and embeddings the prompts name. */
  drawn: { readonly seed: number; readonly inputHash?: string; readonly networks?: readonly NetworkRef[] },
): Recipe {
  const parsed = recipeSchema.safeParse({
    version: 1,
    model: { id: model.id, hash: model.hash },
    prompt: asked.prompt,
    negativePrompt: asked.negativePrompt,
    seed: drawn.seed,
    count: asked.count,
    width: asked.width,
    height: asked.height,
    steps: asked.steps,
    sampler: asked.sampler,
    schedule: asked.schedule,
    guidanceScale: asked.guidanceScale,
    ...given({
      weighting: asked.weighting,
      variation: asked.variation,
      tiling: asked.tiling,
      eta: asked.eta,
      sChurn: asked.sChurn,
      sNoise: asked.sNoise,
      sdeNoise: asked.sdeNoise,
      rho: asked.rho,
      guidanceRescale: asked.guidanceRescale,
      zeroTerminalSnr: asked.zeroTerminalSnr,
    }),
    noise: asked.noise ?? 'philox',
    ...(drawn.networks !== undefined && drawn.networks.length > 0 && { networks: drawn.networks }),
    ...(asked.input === undefined || drawn.inputHash === undefined
      ? {}
      : { input: { hash: drawn.inputHash, strength: asked.input.strength } }),
  })
  if (!parsed.success) {
    const rules = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
    throw new DewpointError('input.invalid', rules.join('; '), { cause: parsed.error })
  }
  const isOffered = model.sizes.some(({ width, height }) => width === asked.width && height === asked.height)
  if (model.fixedSize && !isOffered) {
    const offered = model.sizes.map(({ width, height }) => `${width}x${height}`).join(', ')
    throw new DewpointError(
      'input.invalid',
      `width, height: ${model.name} makes ${offered}, not ${asked.width}x${asked.height}`,
    )
  }
  return parsed.data
}

/** Without what was not asked for: an absent setting and an undefined one must be the same recipe. */
function given(settings: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined))
}
