// The files behind the LoRAs and embeddings a request's prompts name. A name that is not installed adds nothing, as the Studio has
// said by then; a prompt imported from elsewhere is full of them.
import type { NetworkRef } from '#contracts/recipe.ts'
import { namedNetworks, type Prompts } from '#recipes/prompt/networks.ts'
import { readInstalledNetworks } from './installed-networks.ts'

export async function findNetworks(root: string, prompts: Prompts): Promise<readonly NetworkRef[]> {
  return namedNetworks(prompts, await readInstalledNetworks(root)).networks
}
