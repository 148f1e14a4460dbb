// `npm run models -- convert`: PyTorch weights converted aside, then installed as any folder is.
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import type { ConvertEnv } from '../env.ts'
import { convertModel } from '../models/convert-model.ts'
import { addFromCommandLine } from './models-add.ts'

export interface ConvertArguments {
  readonly from: string
  readonly config?: string | undefined
  readonly id?: string | undefined
  readonly license?: string | undefined
  /** Where the converted folder stays; without it it goes once it is installed. */
  readonly keep?: string | undefined
}

export async function convertFromCommandLine(
  args: ConvertArguments,
  env: ConvertEnv,
  signal: AbortSignal,
): Promise<void> {
  const { from, config, id, license, keep } = args
  // Beside the models: a conversion is as large as a model, and temporary folders are often in memory.
  const partial = join(env.MODELS_DIR, '.partial')
  await mkdir(partial, { recursive: true })
  const work = keep === undefined ? await mkdtemp(join(partial, 'convert-')) : resolve(keep)
  const name = basename(resolve(from), '.safetensors')
  const out = keep === undefined ? join(work, name) : work
  try {
    await convertModel({ source: resolve(from), config, out, python: env.CONVERT_PYTHON, signal })
    await addFromCommandLine({ from: out, id: id ?? idFrom(name), license, allPrecisions: true }, env, signal)
  } finally {
    if (keep === undefined) await rm(work, { recursive: true, force: true })
  }
}

const idFrom = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+|-+$/g, '')
