// `npm run models -- list | add | verify | remove | convert`: the models, LoRAs and embeddings of this installation.
// Exit codes: 0 fine, 1 something differs or failed, 2 the input breaks a rule, 130 stopped with Ctrl-C.
import { createInterface } from 'node:readline/promises'
import { parseArgs } from 'node:util'
import { readConvertEnv, readEngineEnv, readHubEnv } from '../env.ts'
import { listInstalledModels } from '../models/installed-models.ts'
import { listInstalledNetworks } from '../models/installed-networks.ts'
import { AddModelError } from '../models/model-sources.ts'
import { listInstalled, megabytes, verifyInstalled } from './models-list.ts'

const USAGE = `Usage:
  npm run models -- list [--json]        installed models, LoRAs and embeddings: size, licence and what suits them
  npm run models -- verify [name…]       hash every file against its manifest; everything without a name
  npm run models -- add <folder or owner/name[@revision]> [--id ID] [--license TEXT] [--all-precisions]
                                         install a model in the diffusers ONNX layout from a folder or the hub; run it again
                                         after a broken download and it goes on; --all-precisions takes fp16 and int8 as well
  npm run models -- add <file.safetensors> [--id NAME] [--license TEXT]
                                         install a LoRA (<lora:NAME:0.8> in prompts) or an embedding (NAME in prompts)
  npm run models -- convert <folder or checkpoint.safetensors> [--config FOLDER] [--keep FOLDER] [--id ID] [--license TEXT]
                                         turn PyTorch weights into a model, float32 with fp16 and int8 beside it (needs Python once:
                                         docs/models.md)
  npm run models -- remove <name> [--yes] [--force]
                                         take one away; --force also the default model`

const OPTIONS = {
  json: { type: 'boolean', default: false },
  id: { type: 'string' },
  license: { type: 'string' },
  keep: { type: 'string' },
  config: { type: 'string' },
  'all-precisions': { type: 'boolean', default: false },
  yes: { type: 'boolean', default: false },
  force: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const
/** What each command takes beside its names. */
const COMMANDS: Readonly<Record<string, readonly (keyof typeof OPTIONS)[]>> = {
  list: ['json'],
  verify: [],
  add: ['id', 'license', 'all-precisions'],
  convert: ['id', 'license', 'config', 'keep'],
  remove: ['yes', 'force'],
}

class UsageError extends Error {}

async function run(args: readonly string[], signal: AbortSignal): Promise<number> {
  const { values, positionals } = parse(args)
  const [command, ...names] = positionals
  if (values.help || command === undefined) throw new UsageError('')
  const allowed = COMMANDS[command]
  if (allowed === undefined) throw new UsageError(`Unknown command ${command}`)
  const foreign = Object.keys(values).filter(
    (name) => values[name as keyof typeof values] && !allowed.some((known) => known === name),
  )
  if (foreign.length > 0) throw new UsageError(`${command} takes no --${foreign.join(', --')}`)
  if (command === 'list' && names.length > 0) throw new UsageError(`list takes no names, got ${names.join(', ')}`)
  if (command === 'list' || command === 'verify') return listOrVerify(command, names, values.json)

  const [name, ...others] = names
  if (name === undefined || others.length > 0) throw new UsageError(`${command} takes one name, got ${names.length}`)
  if (command === 'remove') return remove(name, values)
  if (command === 'convert') {
    const { convertFromCommandLine } = await import('./models-convert.ts')
    const { id, license, config, keep } = values
    await convertFromCommandLine({ from: name, id, license, config, keep }, readConvertEnv(), signal)
    return 0
  }
  // Loads ONNX Runtime, which help and mistyped options need not wait for.
  const { addFromCommandLine } = await import('./models-add.ts')
  await addFromCommandLine(
    { from: name, id: values.id, license: values.license, allPrecisions: values['all-precisions'] },
    readHubEnv(),
    signal,
  )
  return 0
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

async function listOrVerify(command: string, names: readonly string[], json: boolean): Promise<number> {
  const { MODELS_DIR } = readEngineEnv()
  const models = await listInstalledModels(MODELS_DIR)
  const networks = await listInstalledNetworks(MODELS_DIR)
  if (command === 'list') {
    listInstalled(models, networks, json)
    return 0
  }
  const known = [...models.map(({ manifest }) => manifest.id), ...networks.map(({ manifest }) => manifest.name)]
  const missing = names.filter((name) => !known.includes(name))
  if (missing.length > 0)
    throw new AddModelError(`No model ${missing.join(', ')}; installed: ${known.join(', ') || 'none'}`)
  const isAsked = (name: string) => names.length === 0 || names.includes(name)
  const whole = await verifyInstalled(
    models.filter(({ manifest }) => isAsked(manifest.id)),
    networks.filter(({ manifest }) => isAsked(manifest.name)),
  )
  return whole ? 0 : 1
}

async function remove(
  name: string,
  { yes, force }: { readonly yes: boolean; readonly force: boolean },
): Promise<number> {
  const { findRemovable } = await import('../models/remove-model.ts')
  const removable = await findRemovable(readEngineEnv().MODELS_DIR, name, force)
  const question = `Remove the ${removable.what} (${megabytes(removable.sizeBytes)})?`
  if (!yes && !(await confirm(question))) {
    console.error('Nothing was removed.')
    return 1
  }
  await removable.remove()
  console.log(`Removed the ${removable.what}.`)
  return 0
}

/** A script that asks nobody has to say --yes. */
async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) throw new AddModelError(`${question} Say --yes where nobody can be asked`)
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await lines.question(`${question} [y/N] `).finally(() => lines.close())
  return /^y(es)?$/i.test(answer.trim())
}

const controller = new AbortController()
process.once('SIGINT', () => {
  // The second Ctrl-C finds the default handler and ends the process at once.
  console.error('\nStopping; what has arrived stays, the same command goes on with it.')
  controller.abort()
})
try {
  process.exitCode = await run(process.argv.slice(2), controller.signal)
} catch (error) {
  const message = error instanceof Error ? error.message : String(error)
  const isRule = error instanceof AddModelError || error instanceof RangeError
  if (error instanceof UsageError) console.error(message === '' ? USAGE : `${message}\n${USAGE}`)
  else if (!controller.signal.aborted) console.error(message)
  process.exitCode = controller.signal.aborted ? 130 : error instanceof UsageError || isRule ? 2 : 1
}
