// `npm run models -- list` and `verify`: what is installed, and whether every byte of it is the one its manifest names.
import type { ModelManifest } from '#contracts/model-manifest.ts'
import { hashFile } from '../models/hash-file.ts'
import { type InstalledModel, verifyModel } from '../models/installed-models.ts'
import type { InstalledNetwork } from '../models/installed-networks.ts'

export const sizeBytesOf = ({ files }: Pick<ModelManifest, 'files'>): number =>
  Object.values(files).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)

export const megabytes = (sizeBytes: number): string =>
  sizeBytes < 1e6 ? `${Math.ceil(sizeBytes / 1e3)} kB` : `${(sizeBytes / 1e6).toFixed(1)} MB`

export function listInstalled(models: readonly InstalledModel[], networks: readonly InstalledNetwork[], json: boolean) {
  if (json) {
    const ofKind = (kind: string) => networks.map(({ manifest }) => manifest).filter((network) => network.kind === kind)
    const rows = models.map(({ manifest: { files: _files, ...facts }, files }) => ({ ...facts, folder: files.folder }))
    console.log(JSON.stringify({ models: rows, loras: ofKind('lora'), embeddings: ofKind('embedding') }, null, 2))
    return
  }
  for (const [index, { manifest, files }] of models.entries()) {
    const { id, name, summary, license, family, sizes, fixedSize, defaults, hash } = manifest
    const shapes = sizes.map(({ width, height }) => `${width}x${height}`).join(', ')
    console.log(`${id}${index === 0 ? '  (default)' : ''}
  ${name}: ${summary}
  ${family}, ${shapes}${fixedSize ? ' only' : ' and others'}, ${megabytes(sizeBytesOf(manifest))}, licence ${license}
  suits ${defaults.steps} steps of ${defaults.sampler}, guidance ${defaults.guidanceScale}${factsOf(manifest)}
  ${hash.slice(0, 10)}  ${files.folder}`)
  }
  for (const { manifest, path } of networks) {
    const { kind, name, license, family, triggerWords, sizeBytes } = manifest
    const use = kind === 'lora' ? `<lora:${name}:1>` : name
    const words = triggerWords.length === 0 ? '' : `\n  trigger words: ${triggerWords.slice(0, 5).join(', ')}`
    console.log(`${use}  (${kind})
  ${family === null ? 'family unknown' : `for ${family}`}, ${megabytes(sizeBytes)}, licence ${license}${words}
  ${path}`)
  }
}

/** What a person planning for load or long prompts wants to know, a line each. */
export function factsOf({ timestep, textWindows, triggerWords }: ModelManifest): string {
  const facts = [
    timestep === 'scalar' ? 'one timestep a call: requests at different steps do not share one' : undefined,
    typeof textWindows === 'number' ? `reads ${textWindows} window${textWindows === 1 ? '' : 's'} of text` : undefined,
    triggerWords === undefined ? undefined : `trigger words: ${triggerWords.join(', ')}`,
  ]
  return facts.map((fact) => (fact === undefined ? '' : `\n  ${fact}`)).join('')
}

/** @returns whether all of them are whole. */
export async function verifyInstalled(
  models: readonly InstalledModel[],
  networks: readonly InstalledNetwork[],
): Promise<boolean> {
  let isWhole = true
  const check = async (name: string, sizeBytes: number, facts: string, verify: () => Promise<void>) => {
    const startedMs = performance.now()
    try {
      await verify()
      const seconds = (performance.now() - startedMs) / 1000
      const speed = `${megabytes(sizeBytes)} in ${seconds.toFixed(2)} s (${megabytes(sizeBytes / seconds)}/s)`
      console.log(`${name}: whole, ${speed}${facts}`)
    } catch (error) {
      isWhole = false
      console.error(error instanceof Error ? error.message : String(error))
    }
  }
  for (const model of models)
    await check(model.manifest.id, sizeBytesOf(model.manifest), factsOf(model.manifest), () => verifyModel(model))
  for (const network of networks)
    await check(network.manifest.name, network.manifest.sizeBytes, '', () => verifyNetwork(network))
  return isWhole
}

async function verifyNetwork({ manifest: { kind, name, sha256 }, path }: InstalledNetwork): Promise<void> {
  const actual = await hashFile(path)
  if (actual !== sha256)
    throw new Error(`The ${kind} ${name} has SHA-256 ${actual}, its manifest says ${sha256}. Add it again.`)
}
