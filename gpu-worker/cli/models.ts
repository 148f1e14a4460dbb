// `npm run models -- list` and `npm run models -- verify [id…]`: which models are installed, and whether every byte of them is the
// one its manifest names. Exit codes: 0 fine, 1 a model differs, 2 the input breaks a rule.
import type { ModelManifest } from '#contracts/model-manifest.ts'
import { readEngineEnv } from '../env.ts'
import { type InstalledModel, listInstalledModels, verifyModel } from '../models/installed-models.ts'

const USAGE = `Usage:
  npm run models -- list [--json]        installed models, their size, licence and what suits them
  npm run models -- verify [id…]         hash every file against the manifest; all models without an id`

const sizeBytesOf = (manifest: ModelManifest): number =>
  Object.values(manifest.files).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)

const megabytes = (sizeBytes: number): string => `${(sizeBytes / 1e6).toFixed(1)} MB`

function list(models: readonly InstalledModel[], json: boolean): void {
  if (json) {
    const rows = models.map(({ manifest: { files: _files, ...facts }, files }) => ({ ...facts, folder: files.folder }))
    console.log(JSON.stringify(rows, null, 2))
    return
  }
  for (const [index, { manifest, files }] of models.entries()) {
    const { id, name, summary, license, family, sizes, defaults, hash } = manifest
    const shapes = sizes.map(({ width, height }) => `${width}x${height}`).join(', ')
    console.log(`${id}${index === 0 ? '  (default)' : ''}
  ${name}: ${summary}
  ${family}, ${shapes}${manifest.fixedSize ? ' only' : ' and others'}, ${megabytes(sizeBytesOf(manifest))}, licence ${license}
  suits ${defaults.steps} steps of ${defaults.sampler}, guidance ${defaults.guidanceScale}
  ${hash.slice(0, 10)}  ${files.folder}`)
  }
}

/** @returns whether all of them are whole. */
async function verify(models: readonly InstalledModel[]): Promise<boolean> {
  let isWhole = true
  for (const model of models) {
    const { id } = model.manifest
    const startedMs = performance.now()
    try {
      await verifyModel(model)
      const seconds = (performance.now() - startedMs) / 1000
      const sizeBytes = sizeBytesOf(model.manifest)
      console.log(
        `${id}: whole, ${megabytes(sizeBytes)} in ${seconds.toFixed(2)} s (${megabytes(sizeBytes / seconds)}/s)`,
      )
    } catch (error) {
      isWhole = false
      console.error(error instanceof Error ? error.message : String(error))
    }
  }
  return isWhole
}

async function main([command, ...rest]: readonly string[]): Promise<number> {
  if (command === undefined || command === '--help' || !['list', 'verify'].includes(command)) {
    console.error(command === undefined || command === '--help' ? USAGE : `Unknown command ${command}\n${USAGE}`)
    return 2
  }
  const models = await listInstalledModels(readEngineEnv().MODELS_DIR)
  const known = models.map(({ manifest }) => manifest.id)
  if (command === 'list') {
    const unknown = rest.filter((option) => option !== '--json')
    if (unknown.length > 0) {
      console.error(`Unknown option ${unknown.join(', ')}\n${USAGE}`)
      return 2
    }
    list(models, rest.includes('--json'))
    return 0
  }
  const missing = rest.filter((id) => !known.includes(id))
  if (missing.length > 0) {
    console.error(`No model ${missing.join(', ')}; installed: ${known.join(', ') || 'none'}`)
    return 2
  }
  return (await verify(models.filter(({ manifest }) => rest.length === 0 || rest.includes(manifest.id)))) ? 0 : 1
}

process.exitCode = await main(process.argv.slice(2))
