// Takes an installed model, LoRA or embedding away. A model goes by one rename first, so that nobody meets half of it.
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { listInstalledModels } from './installed-models.ts'
import { listInstalledNetworks } from './installed-networks.ts'
import { AddModelError } from './model-sources.ts'

export interface Removable {
  readonly what: string
  readonly sizeBytes: number
  remove(): Promise<void>
}

/**
 * @param force also the model that is offered first, without which a fresh installation has nothing to draw with.
 * @throws AddModelError where nothing of that name is installed, it is the default, or another model shares its files.
 */
export async function findRemovable(modelsDir: string, name: string, force: boolean): Promise<Removable> {
  const models = await listInstalledModels(modelsDir)
  const model = models.find(({ manifest }) => manifest.id === name)
  if (model !== undefined) {
    if (model === models[0] && !force)
      throw new AddModelError(`${name} is the model everything uses by default; --force removes it all the same`)
    const sharing = models.filter(({ manifest }) => Object.values(manifest.files).some(({ from }) => from === name))
    if (sharing.length > 0)
      throw new AddModelError(
        `${sharing.map(({ manifest }) => manifest.id).join(', ')} shares files of ${name}; remove that first`,
      )
    return {
      what: `model ${name}`,
      // Files it shares stay where they are.
      sizeBytes: Object.values(model.manifest.files)
        .filter(({ from }) => from === undefined)
        .reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      async remove() {
        const aside = join(modelsDir, '.partial', `${name}.removed`)
        await rm(aside, { recursive: true, force: true })
        await mkdir(join(modelsDir, '.partial'), { recursive: true })
        await rename(model.files.folder, aside)
        await rm(aside, { recursive: true })
      },
    }
  }
  const networks = await listInstalledNetworks(modelsDir)
  const [network, second] = networks.filter(({ manifest }) => manifest.name === name)
  if (network === undefined) {
    const known = [...models.map(({ manifest }) => manifest.id), ...networks.map(({ manifest }) => manifest.name)]
    throw new AddModelError(`Nothing named ${name} is installed; there are ${known.join(', ') || 'no models'}`)
  }
  if (second !== undefined)
    throw new AddModelError(`There are a LoRA and an embedding named ${name}; delete one of their files by hand`)
  return {
    what: `${network.manifest.kind} ${name}`,
    sizeBytes: network.manifest.sizeBytes,
    async remove() {
      // The manifest first: what has none is not installed.
      await rm(network.path.replace(/\.safetensors$/, '.json'))
      await rm(network.path)
    },
  }
}
