// Which installed networks a prompt names. Finding names is all that is done with prompts here; the prompt language is prompt/.
import { NETWORKS_MAX } from '#contracts/limits.ts'
import type { NetworkManifest } from '#contracts/network-manifest.ts'
import type { NetworkKind, NetworkRef } from '#contracts/recipe.ts'

export interface NamedNetworks {
  /** Installed ones the prompts name, LoRAs first, each once, by name. */
  readonly networks: readonly NetworkRef[]
  /** LoRA names that are not installed, as typed. */
  readonly unknown: readonly string[]
}

const LORA = /<(?:lora|lyco):([^:<>]+)(?::[^<>]*)?>/g

/**
 * LoRAs are named in the prompt alone, as in A1111; embeddings are words of either prompt.
 * @throws RangeError where the prompt names more than can be loaded together.
 */
export function namedNetworks(
  prompt: string,
  negativePrompt: string,
  installed: readonly Pick<NetworkManifest, 'kind' | 'name' | 'sha256'>[],
): NamedNetworks {
  const ofKind = (kind: NetworkKind) => new Map(installed.filter((n) => n.kind === kind).map((n) => [n.name, n.sha256]))
  const loras = ofKind('lora')
  const asked = new Set(Array.from(prompt.matchAll(LORA), ([, name = '']) => name.trim()))
  const found: NetworkRef[] = []
  const unknown: string[] = []
  for (const name of [...asked].sort()) {
    const hash = loras.get(name)
    if (hash === undefined) unknown.push(name)
    else found.push({ kind: 'lora', name, hash })
  }
  for (const [name, hash] of [...ofKind('embedding')].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const word = networkWords([name])
    if (word.test(prompt) || word.test(negativePrompt)) found.push({ kind: 'embedding', name, hash })
  }
  if (found.length > NETWORKS_MAX) {
    throw new RangeError(`Up to ${NETWORKS_MAX} LoRAs and embeddings work together, the prompt names ${found.length}`)
  }
  return { networks: found, unknown }
}

/** What a name may hold that means something in a regular expression. */
const SYNTAX = /[.+]/g

/** Finds the names as whole words, with or without `<` and `>` around them, and as they are spelled; the longest where two fit. */
export function networkWords(names: readonly string[]): RegExp {
  const longestFirst = [...names].sort((a, b) => b.length - a.length).map((name) => name.replaceAll(SYNTAX, '\\$&'))
  const any = longestFirst.join('|')
  return new RegExp(`<(?:${any})>|(?<![\\p{L}\\p{N}_-])(?:${any})(?![\\p{L}\\p{N}_-])`, 'u')
}
