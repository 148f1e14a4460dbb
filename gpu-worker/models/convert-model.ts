// PyTorch weights → a folder in our layout, by training/conversion/convert_model.py in the Python environment set up for it. Only
// runs it and says what is missing; the conversion, and its check against the source, are the script's.
import { spawn } from 'node:child_process'
import { access, stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { AddModelError } from './model-sources.ts'

const SCRIPT = fileURLToPath(new URL('../../training/conversion/convert_model.py', import.meta.url))

export interface ConvertOptions {
  /** A diffusers folder or a .safetensors checkpoint. */
  readonly source: string
  /** A folder with configs and tokenizer for a checkpoint; without it diffusers asks the hub for them. */
  readonly config: string | undefined
  /** Empty or not there. */
  readonly out: string
  readonly python: string
  readonly signal: AbortSignal
}

/** @throws AddModelError where Python is not set up, the source is none, or the script refuses. */
export async function convertModel({ source, config, out, python, signal }: ConvertOptions): Promise<void> {
  const facts = await stat(source).catch(() => undefined)
  if (facts === undefined) throw new AddModelError(`There is no ${source}`)
  if (facts.isFile() && !source.endsWith('.safetensors'))
    throw new AddModelError(
      `${source}: only .safetensors checkpoints are read; a pickled one (.ckpt, .bin) can run code`,
    )
  await access(python).catch(() => {
    throw new AddModelError(`Converting runs PyTorch, and there is no Python at ${python}. Once, in the project's folder:
  python3 -m venv .data/convert/venv
  .data/convert/venv/bin/pip install -r training/conversion/requirements.txt
or set CONVERT_PYTHON to a Python that has these packages (docs/models.md)`)
  })
  const args = [SCRIPT, source, out, ...(config === undefined ? [] : ['--config', config])]
  const child = spawn(python, args, { stdio: ['ignore', 'inherit', 'inherit'], signal })
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
  })
  if (code !== 0) throw new AddModelError(`${source} was not converted (exit code ${code}); the reason stands above`)
}
