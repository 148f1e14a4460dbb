// A run's state as a value: plain JSON that another process, or another machine, goes on from. Floats travel as the
// base64 of their little-endian bytes, so nothing is rounded on the way.
// Meant for a worker that is drained, to hand its runs over; today they start anew elsewhere.

import { z } from 'zod'
import { type Recipe, recipeSchema } from '#contracts/recipe.ts'

export const runSnapshotSchema = z.strictObject({
  version: z.literal(1),
  recipe: recipeSchema,
  /** 2 in the second pass of a recipe with `hires`. */
  pass: z.union([z.literal(1), z.literal(2)]),
  /** U-Net calls already made in this pass. */
  callIndex: z.int().nonnegative(),
  /** Draws already made from the recipe's noise. */
  noisePosition: z.int().nonnegative(),
  latents: z.base64(),
  predictedOriginal: z.base64(),
  /** What a multistep sampler remembers of earlier calls. */
  history: z.array(z.base64()),
})
export type RunSnapshot = z.infer<typeof runSnapshotSchema>

export interface RunState {
  readonly recipe: Recipe
  readonly pass: 1 | 2
  readonly callIndex: number
  readonly noisePosition: number
  readonly latents: Float32Array
  readonly predictedOriginal: Float32Array
  readonly history: readonly Float32Array[]
}

export function takeSnapshot(state: RunState): RunSnapshot {
  return {
    version: 1,
    recipe: state.recipe,
    pass: state.pass,
    callIndex: state.callIndex,
    noisePosition: state.noisePosition,
    latents: encodeFloats(state.latents),
    predictedOriginal: encodeFloats(state.predictedOriginal),
    history: state.history.map(encodeFloats),
  }
}

/** @throws ZodError on anything that is not a snapshot. */
export function readSnapshot(snapshot: unknown): RunState {
  const parsed = runSnapshotSchema.parse(snapshot)
  return {
    ...parsed,
    latents: decodeFloats(parsed.latents),
    predictedOriginal: decodeFloats(parsed.predictedOriginal),
    history: parsed.history.map(decodeFloats),
  }
}

function encodeFloats(values: Float32Array): string {
  const view = new DataView(new ArrayBuffer(values.length * 4))
  values.forEach((value, i) => {
    view.setFloat32(i * 4, value, true)
  })
  let binary = ''
  for (let i = 0; i < view.byteLength; i++) binary += String.fromCharCode(view.getUint8(i))
  return btoa(binary)
}

function decodeFloats(base64: string): Float32Array {
  const binary = atob(base64)
  const view = new DataView(new ArrayBuffer(binary.length))
  for (let i = 0; i < binary.length; i++) view.setUint8(i, binary.charCodeAt(i))
  return Float32Array.from({ length: binary.length / 4 }, (_, i) => view.getFloat32(i * 4, true))
}
