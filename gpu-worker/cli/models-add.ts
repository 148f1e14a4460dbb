// `npm run models -- add`: a folder, a hub repository or a LoRA file becomes installed, with a bar for what is slow.
import { stat } from 'node:fs/promises'
import { SingleBar } from 'cli-progress'
import type { HubEnv } from '../env.ts'
import { addModel } from '../models/add-model.ts'
import { addNetwork } from '../models/add-network.ts'
import { openFolderSource } from '../models/folder-source.ts'
import { openHubSource } from '../models/hub-source.ts'
import { AddModelError, type ModelSource } from '../models/model-sources.ts'
import { createOnnxRuntime } from '../runtime/onnx-runtime.ts'
import { factsOf, megabytes } from './models-list.ts'

export interface AddArguments {
  /** A folder, a .safetensors file, or `owner/name` with or without `@revision`. */
  readonly from: string
  readonly id?: string | undefined
  readonly license?: string | undefined
  readonly allPrecisions: boolean
}

export async function addFromCommandLine(args: AddArguments, env: HubEnv, signal: AbortSignal): Promise<void> {
  const { from, id, license } = args
  const facts = await stat(from).catch(() => undefined)
  if (facts?.isFile() === true) {
    const manifest = await addNetwork({ path: from, modelsDir: env.MODELS_DIR, name: id, license })
    const { kind, name, sizeBytes, family } = manifest
    console.log(`${kind} ${name}: ${megabytes(sizeBytes)}, ${family ?? 'family unknown'}, licence ${manifest.license}`)
    console.log(
      kind === 'lora' ? `Write <lora:${name}:0.8> in a prompt.` : `Write ${name} in a prompt or a negative prompt.`,
    )
    if (manifest.triggerWords.length > 0) console.log(`Trigger words: ${manifest.triggerWords.join(', ')}`)
    return
  }
  const source = facts?.isDirectory() === true ? await openFolderSource(from) : await openRepository(from, env)
  const bar = new SingleBar({
    format: '[{bar}] {percentage} %  {done} of {whole}  {file}',
    hideCursor: true,
    clearOnComplete: true,
  })
  let wholeBytes = 0
  const manifest = await addModel({
    source,
    modelsDir: env.MODELS_DIR,
    id,
    license,
    allPrecisions: args.allPrecisions,
    runtime: createOnnxRuntime({ provider: 'cpu', threads: 0 }),
    signal,
    report: {
      onPlan({ id: as, files, totalBytes }) {
        wholeBytes = totalBytes
        const at = source.revision === null ? '' : ` at ${source.revision.slice(0, 10)}`
        console.log(`${source.name}${at}: ${files} files, ${megabytes(totalBytes)}, to be installed as ${as}`)
        bar.start(totalBytes, 0, { done: megabytes(0), whole: megabytes(totalBytes), file: '' })
      },
      onBytes: (bytes, file) => bar.update(bytes, { done: megabytes(bytes), whole: megabytes(wholeBytes), file }),
      onStage(stage) {
        bar.stop()
        console.log(stage === 'hashing' ? 'Hashing every file …' : 'Loading it and drawing a first picture …')
      },
    },
  }).finally(() => bar.stop())
  const { sizes, family, defaults } = manifest
  const shapes = sizes.map(({ width, height }) => `${width}x${height}`).join(', ')
  console.log(`${manifest.id}: ${family}, ${shapes}${manifest.fixedSize ? ' only' : ' and others'}, licence ${manifest.license}
  suits ${defaults.steps} steps of ${defaults.sampler}, guidance ${defaults.guidanceScale}${factsOf(manifest)}
  Workers and website offer it once they are started again.`)
}

/** `owner/name@revision`. */
function openRepository(from: string, env: HubEnv): Promise<ModelSource> {
  const [, name, revision] = /^([\w.-]+\/[\w.-]+)(?:@([\w./-]+))?$/.exec(from) ?? []
  if (name === undefined)
    throw new AddModelError(
      `${from} is neither a folder or file here nor a repository, owner/name or owner/name@revision`,
    )
  return openHubSource(name, revision, { hubUrl: env.HF_ENDPOINT, accessToken: env.HF_TOKEN, fetch })
}
