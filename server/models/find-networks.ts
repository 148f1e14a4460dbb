// The files behind the LoRAs and embeddings a request's prompts name. A name that is not installed adds nothing, as the Studio has
// said by then; a prompt imported from elsewhere is full of them.
import { DewpointError } from '#contracts/errors.ts'
import type { NetworkRef, Weighting } from '#contracts/recipe.ts'
import { namedNetworks } from '#recipes/named-networks.ts'
import { readInstalledNetworks } from './installed-networks.ts'

export interface Prompts {
  readonly prompt: string
  readonly negativePrompt: string
  readonly weighting?: Weighting | undefined
}

/** @throws DewpointError input.invalid where the prompts name more than work together. */
export async function findNetworks(
  root: string,
  { prompt, negativePrompt, weighting }: Prompts,
): Promise<readonly NetworkRef[]> {
  // Read literally, a prompt asks for nothing but its words.
  if (weighting === 'none') return []
  try {
    return namedNetworks(prompt, negativePrompt, await readInstalledNetworks(root)).networks
  } catch (cause) {
    if (cause instanceof RangeError) throw new DewpointError('input.invalid', `prompt: ${cause.message}`, { cause })
    throw cause
  }
}
