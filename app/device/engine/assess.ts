// Facts about a device and a model → how the one runs the other, or why not. Pure: asks nothing, downloads nothing.
import type { ModelManifest } from '#contracts/model-manifest.ts'
import type { DeviceProvider, WeightsVariant } from './device-engine.ts'
import type { DeviceFacts } from './device-facts.ts'
import { type ChosenFiles, chooseFiles } from './weights/choose-files.ts'

export interface Plan {
  readonly provider: DeviceProvider
  readonly threads: number
  readonly chosen: ChosenFiles
  /** What to call the device in an estimate. */
  readonly deviceName: string
}

/** One sentence for the person: why this device cannot run this model. */
export interface Refusal {
  readonly reason: string
}

/**
 * ORT reads a graph through WebAssembly's 4 GiB: the file, the graph it parses and the weights it packs are there at once.
 * A third of it leaves room for the intermediate results.
 */
const GRAPH_MAX_BYTES = 1.3e9
/** Beyond, threads share memory bandwidth and one operator has too little work to divide (measured by ORT's authors too: 4). */
const THREADS_MAX = 8

/** @param only a provider chosen by hand; absent: the best there is. */
export function planRun(model: ModelManifest, facts: DeviceFacts, only?: DeviceProvider): Plan | Refusal {
  if (!facts.isSecure)
    return { reason: 'Browsers run models only on pages that came over a secure connection (HTTPS).' }
  const refusals: string[] = []
  for (const provider of only === undefined ? (['webgpu', 'wasm'] as const) : [only]) {
    const plan = provider === 'webgpu' ? planWebgpu(model, facts, only) : planWasm(model, facts)
    if ('provider' in plan) return plan
    refusals.push(plan.reason)
  }
  // What the processor lacks is the last word: it is what was left to try.
  return { reason: refusals.at(-1) ?? 'This device cannot run the model.' }
}

function planWebgpu(model: ModelManifest, { gpu }: DeviceFacts, only: DeviceProvider | undefined): Plan | Refusal {
  if (gpu === undefined) return { reason: 'This browser offers no graphics card to web pages (WebGPU).' }
  if (gpu.isSoftware && only === undefined) return { reason: 'The graphics card is one in name only: the processor.' }
  const chosen = choose(model, gpu.hasF16 ? ['fp16', ''] : [''])
  if ('reason' in chosen) return chosen
  const tooLarge = refuseLargeGraphs(chosen)
  if (tooLarge !== undefined) return tooLarge
  const limit = Math.min(gpu.maxBindingBytes, gpu.maxBufferBytes)
  for (const { source, sizeBytes } of chosen.files) {
    // Without its own figure a file bounds its largest tensor.
    const bytes = model.largestTensorBytes?.[source] ?? sizeBytes
    if (source.endsWith('.onnx') && bytes > limit) {
      return {
        reason: `${model.name} needs ${megabytes(bytes)} in one piece; this graphics card gives pages ${megabytes(limit)}.`,
      }
    }
  }
  return { provider: 'webgpu', threads: 1, chosen, deviceName: gpu.name }
}

function planWasm(model: ModelManifest, facts: DeviceFacts): Plan | Refusal {
  if (!facts.hasWasmSimd) return { reason: 'This browser is too old to run models (WebAssembly SIMD is missing).' }
  const chosen = choose(model, ['int8', ''])
  if ('reason' in chosen) return chosen
  const threads = facts.isIsolated ? threadsFor(facts.processors) : 1
  const deviceName = `processor, ${threads} ${threads === 1 ? 'thread' : 'threads'}`
  return refuseLargeGraphs(chosen) ?? { provider: 'wasm', threads, chosen, deviceName }
}

/** One per core: two logical processors of one core share its arithmetic. Small devices give all they have. */
function threadsFor(processors: number): number {
  return processors <= 2 ? processors : Math.min(THREADS_MAX, Math.ceil(processors / 2))
}

function choose(model: ModelManifest, preference: readonly WeightsVariant[]): ChosenFiles | Refusal {
  try {
    return chooseFiles(model, preference)
  } catch (error) {
    if (error instanceof RangeError) return { reason: `${model.name} does not run here: ${error.message}.` }
    throw error
  }
}

function refuseLargeGraphs({ files }: ChosenFiles): Refusal | undefined {
  const large = files.find(({ source, sizeBytes }) => source.endsWith('.onnx') && sizeBytes > GRAPH_MAX_BYTES)
  if (large === undefined) return undefined
  const [part] = large.source.split('/')
  return {
    reason: `The model’s ${part} has ${megabytes(large.sizeBytes)}; browsers run up to ${megabytes(GRAPH_MAX_BYTES)}.`,
  }
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6).toLocaleString('en')} MB`
