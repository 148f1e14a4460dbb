// Networks: small files that change a model, LoRAs and textual-inversion embeddings. What is known of an installed one (the JSON
// beside its weights), and which of them a prompt names. Finding names is all that is done with prompts here; the prompt
// language is diffusion/prompt/.
import { z } from 'zod'
import { NETWORKS_MAX } from './limits.ts'
import { type NetworkKind, type NetworkRef, networkKindSchema, networkNameSchema, sha256Schema } from './recipe.ts'

export const networkManifestSchema = z.strictObject({
  manifestVersion: z.literal(1),
  kind: networkKindSchema,
  name: networkNameSchema,
  /** What the file says about itself; empty where it says nothing. */
  summary: z.string(),
  license: z.string().min(1),
  /** Which models it was made for, by the widths of its weights; null where they say nothing. */
  family: z.enum(['sd1', 'sd2', 'sdxl']).nullable(),
  /** Words its training pictures were described with, most used first. */
  triggerWords: z.array(z.string().min(1)).max(20),
  sha256: sha256Schema,
  sizeBytes: z.int().positive(),
})
export type NetworkManifest = z.infer<typeof networkManifestSchema>

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
