// The LoRAs and embeddings a person may name in prompts.
import type { NetworkDto } from '#contracts/api.ts'
import type { Deps } from '../deps.ts'
import { readInstalledNetworks } from '../model-folder/installed-networks.ts'

export async function listNetworks({ models }: Pick<Deps, 'models'>): Promise<NetworkDto[]> {
  const installed = await readInstalledNetworks(models.root)
  return installed.map(({ manifestVersion: _version, ...network }) => network)
}
