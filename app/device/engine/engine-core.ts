// The engine inside its worker: plans, fetches, loads and runs, one picture at a time and one model loaded. Speaks no messages;
// engine-worker.ts does.
import type { ModelManifest } from '#contracts/model-manifest.ts'
import { type Plan, planRun } from './assess.ts'
import type { DeviceEstimate, DeviceFit, MadePicture } from './device-engine.ts'
import { DeviceError } from './device-error.ts'
import { type DeviceFacts, readDeviceFacts } from './device-facts.ts'
import { type LoadedModel, loadModel, type OrtOfWorker } from './loaded-model.ts'
import { makePicture } from './make-picture.ts'
import { keepEstimate, measureModel, readEstimate } from './measure.ts'
import type { CallEvent, EngineCalls, EngineSettings } from './messages.ts'
import { openGpu } from './open-gpu.ts'
import { loadOrt } from './ort/load-ort.ts'
import { bytesOf } from './weights/choose-files.ts'
import { fetchWeights, missingFiles } from './weights/fetch-weights.ts'
import { createMemoryStore } from './weights/memory-store.ts'
import { openOpfsStore } from './weights/opfs-store.ts'
import { evictWeights, listStoredWeights, noteUse } from './weights/stored-weights.ts'
import type { WeightStore } from './weights/weight-store.ts'

export interface CallContext {
  readonly signal: AbortSignal
  readonly emit: (event: CallEvent) => void
}

type Handlers = {
  readonly [Name in keyof EngineCalls]: (
    args: EngineCalls[Name]['args'],
    context: CallContext,
  ) => Promise<EngineCalls[Name]['result']>
}

export function createEngineCore(settings: EngineSettings): Handlers {
  const once = <Value>(open: () => Promise<Value>) => {
    let opened: Promise<Value> | undefined
    return () => {
      opened ??= open()
      return opened
    }
  }
  const facts = once(readDeviceFacts)
  const store = once(openStore)
  let ort: { readonly plan: Plan; readonly opened: Promise<OrtOfWorker> } | undefined
  let loaded: { readonly key: string; readonly model: LoadedModel } | undefined
  let queue: Promise<unknown> = Promise.resolve()

  const planFor = async (model: ModelManifest): Promise<Plan> => {
    const plan = planRun(model, await facts(), settings.provider)
    if ('reason' in plan) throw new DeviceError('unfit', plan.reason)
    return plan
  }
  /** Runs take turns: two at once would each take twice as long and twice the memory. */
  const inTurn = <Value>(work: () => Promise<Value>): Promise<Value> => {
    const turn = queue.then(work)
    queue = turn.catch(() => undefined)
    return turn
  }
  const bring = async (model: ModelManifest, { chosen }: Plan, { signal, emit }: CallContext) =>
    fetchWeights({
      store: await store(),
      model,
      chosen,
      stallTimeoutMs: settings.stallTimeoutMs,
      signal,
      onProgress: (doneBytes, totalBytes) => emit({ type: 'bytes', doneBytes, totalBytes }),
    })
  const load = async (model: ModelManifest, plan: Plan): Promise<LoadedModel> => {
    const key = `${model.hash} ${plan.provider} ${plan.chosen.variant}`
    if (loaded?.key === key) return loaded.model
    const before = loaded
    loaded = undefined
    await before?.model.pipeline.dispose()
    ort ??= { plan, opened: openOrt(settings, plan) }
    if (ort.plan.provider !== plan.provider) {
      throw new DeviceError('engine-stopped', `This worker runs ${ort.plan.provider}, asked for ${plan.provider}`)
    }
    const ready = await loadModel(await ort.opened, await store(), model, plan)
    loaded = { key, model: ready }
    await noteUse(await store(), model, plan.chosen)
    return ready
  }

  return {
    assess: async ({ model }) => assess(model, await facts(), await store(), settings),
    async fetchWeights({ model }, context) {
      await bring(model, await planFor(model), context)
      return undefined
    },
    async storedEstimate({ model }): Promise<DeviceEstimate | null> {
      const plan = planRun(model, await facts(), settings.provider)
      return 'reason' in plan ? null : readEstimate(await store(), model, plan)
    },
    measure: ({ model }, context) =>
      inTurn(async () => {
        const plan = await planFor(model)
        await bring(model, plan, context)
        const { pipeline } = await load(model, plan)
        const estimate = await measureModel(pipeline, model, plan, context.signal)
        await keepEstimate(await store(), model, plan, estimate)
        return estimate
      }),
    generate: ({ model, recipe, input, mask }, context) =>
      inTurn(async (): Promise<MadePicture> => {
        if (recipe.model.hash !== model.hash) {
          throw new RangeError(`The recipe asks for ${recipe.model.hash}, the model given is ${model.hash}`)
        }
        context.signal.throwIfAborted()
        const plan = await planFor(model)
        await bring(model, plan, context)
        const { pipeline, graphsMs } = await load(model, plan)
        const onStep = (step: Extract<CallEvent, { type: 'step' }>['step']) => context.emit({ type: 'step', step })
        const options = { pipeline, recipe, modelName: model.name, input, mask, signal: context.signal, onStep }
        const before = { wholeMs: performance.now(), graphsMs: graphsMs() }
        const picture = await makePicture(options)
        const timing = { wholeMs: performance.now() - before.wholeMs, graphsMs: graphsMs() - before.graphsMs }
        return { ...picture, provider: plan.provider, variant: plan.chosen.variant, timing }
      }),
    storedWeights: async () => listStoredWeights(await store()),
    async evict({ modelIdOrHash }) {
      await evictWeights(await store(), modelIdOrHash)
      return undefined
    },
  }
}

async function assess(
  model: ModelManifest,
  facts: DeviceFacts,
  store: WeightStore,
  settings: EngineSettings,
): Promise<DeviceFit> {
  const plan = planRun(model, facts, settings.provider)
  if ('reason' in plan) return { kind: 'unfit', reason: plan.reason }
  const missing = await missingFiles(store, plan.chosen)
  return {
    kind: 'fits',
    provider: plan.provider,
    variant: plan.chosen.variant,
    threads: plan.threads,
    downloadBytes: missing.reduce((sum, { missingBytes }) => sum + missingBytes, 0),
    totalBytes: bytesOf(plan.chosen.files),
    keepsWeights: store.keeps,
  }
}

/** Without a file system of its own the window still runs models, from memory. */
async function openStore(): Promise<WeightStore> {
  return openOpfsStore().catch(() => createMemoryStore())
}

async function openOrt({ ortUrl }: EngineSettings, { provider, threads }: Plan): Promise<OrtOfWorker> {
  const gpu = provider === 'webgpu' ? await openGpu() : undefined
  const ort = await loadOrt({ baseUrl: ortUrl, provider, threads })
  return { ort, gpu }
}
