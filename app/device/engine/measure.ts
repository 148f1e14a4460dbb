// How fast a model is here: a few real steps of a real recipe, timed; and the note of it, kept per model, device and version.
import { z } from 'zod'
import type { ModelManifest } from '#contracts/model-manifest.ts'
import type { Pipeline } from '#diffusion/pipelines/pipeline.ts'
import { sha256Hex } from '#recipes/hash.ts'
import { trialRecipe } from '#recipes/trial-recipe.ts'
import type { Plan } from './assess.ts'
import type { DeviceEstimate } from './device-engine.ts'
import { makePicture } from './make-picture.ts'
import type { WeightStore } from './weights/weight-store.ts'

/** The first is slower (kernels are compiled, buffers allocated) and is not counted. */
const STEPS = 4
/** Part of the note's name: raise it when a change of ours makes old figures wrong. */
const MEASUREMENT = 1

const estimateSchema = z.object({
  secondsPerStep: z.number().positive(),
  overheadSeconds: z.number().nonnegative(),
  provider: z.enum(['webgpu', 'wasm']),
  variant: z.enum(['', 'fp16', 'int8']),
  gpu: z.string(),
  measuredAt: z.iso.datetime(),
})

export async function measureModel(
  pipeline: Pipeline,
  manifest: ModelManifest,
  plan: Plan,
  signal: AbortSignal,
): Promise<DeviceEstimate> {
  const stepsAtMs: number[] = []
  const startedMs = performance.now()
  await makePicture({
    pipeline,
    recipe: trialRecipe(manifest, { steps: STEPS }),
    modelName: manifest.name,
    signal,
    onStep: () => stepsAtMs.push(performance.now()),
  })
  const wholeMs = performance.now() - startedMs
  const gapsMs = stepsAtMs.slice(1).map((at, i) => at - (stepsAtMs[i] ?? at))
  // A second-order sampler makes more calls than steps; the gaps are of calls.
  const callsPerStep = stepsAtMs.length / STEPS
  const msPerStep = median(gapsMs) * callsPerStep
  // What is before the first step's end and behind the last, less that first step as it is when warm.
  const [firstMs = 0] = stepsAtMs
  const outsideMs = wholeMs - ((stepsAtMs.at(-1) ?? firstMs) - firstMs) - median(gapsMs)
  return {
    secondsPerStep: msPerStep / 1000,
    overheadSeconds: Math.max(0, outsideMs) / 1000,
    provider: plan.provider,
    variant: plan.chosen.variant,
    gpu: plan.deviceName,
    measuredAt: new Date().toISOString(),
  }
}

export async function readEstimate(
  store: WeightStore,
  manifest: ModelManifest,
  plan: Plan,
): Promise<DeviceEstimate | null> {
  const name = await noteName(manifest, plan)
  const parsed = estimateSchema.safeParse((await store.records(name)).get(name))
  return parsed.success ? parsed.data : null
}

export async function keepEstimate(
  store: WeightStore,
  manifest: ModelManifest,
  plan: Plan,
  estimate: DeviceEstimate,
): Promise<void> {
  await store.writeRecord(await noteName(manifest, plan), estimate)
}

async function noteName(manifest: ModelManifest, { provider, chosen, deviceName }: Plan): Promise<string> {
  const subject = [MEASUREMENT, manifest.hash, provider, chosen.variant, deviceName].join('\n')
  return `estimate-${await sha256Hex(new TextEncoder().encode(subject))}`
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
