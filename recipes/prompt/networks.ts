// Which LoRAs and embeddings a prompt means: what a recipe lists, and how strongly each is loaded. Both read the prompt with the parser
// that reads it for the text encoder, so that what is listed is what is loaded.
import type { NetworkManifest } from '#contracts/network-manifest.ts'
import type { NetworkKind, NetworkRef, Recipe } from '#contracts/recipe.ts'
import type { NetworkNode } from './ast.ts'
import { leavesOf } from './leaves.ts'
import { parsePrompt } from './parse.ts'

export type Prompts = Pick<Recipe, 'prompt' | 'negativePrompt' | 'weighting'>

export interface NamedNetworks {
  /** Installed ones the prompts name, LoRAs first, each once, by name. */
  readonly networks: readonly NetworkRef[]
  /** LoRA names that are not installed, as typed. */
  readonly unknown: readonly string[]
}

/**
 * Whatever the prompts load with some seed. LoRAs are named in the prompt alone, as in A1111, and by their exact name, spaces
 * included; embeddings are words of either prompt's text. Read literally, prompts name nothing.
 */
export function namedNetworks(
  { prompt, negativePrompt, weighting }: Prompts,
  installed: readonly Pick<NetworkManifest, 'kind' | 'name' | 'sha256'>[],
): NamedNetworks {
  if (weighting === 'none') return { networks: [], unknown: [] }
  const ofKind = (kind: NetworkKind) =>
    installed
      .filter((network) => network.kind === kind)
      .map(({ name, sha256 }): NetworkRef => ({ kind, name, hash: sha256 }))
      .sort(byName)
  const asked = new Set(loraNodes(prompt).flatMap(({ name, scale }) => (scale === 0 ? [] : [name])))
  const loras = ofKind('lora')
  const embeddings = ofKind('embedding')
  const texts = embeddings.length === 0 ? [] : [...textsOf(prompt), ...textsOf(negativePrompt, { joins: false })]
  return {
    networks: [
      ...loras.filter(({ name }) => asked.has(name)),
      ...embeddings.filter(({ name }) => texts.some((text) => networkWords([name]).test(text))),
    ],
    unknown: [...asked].filter((name) => loras.every((lora) => lora.name !== name)).sort(),
  }
}

export interface NetworkUse extends NetworkRef {
  /** Factor of a LoRA's update; 1 for an embedding. */
  readonly strength: number
}

/**
 * What one picture is made with, in the recipe's order, each once. A LoRA named twice counts with the sum, as in A1111; one in a
 * schedule or an alternation counts all the time, because weights do not change between steps; of `{a|b}` the drawn option counts.
 * At 0 there is nothing to load.
 */
export function networksOf({
  networks = [],
  prompt,
  seed,
  weighting,
}: Pick<Recipe, 'networks' | 'prompt' | 'seed' | 'weighting'>): NetworkUse[] {
  if (networks.length === 0) return []
  const strengths = new Map<string, number>()
  // Read literally, a prompt asks for no LoRA.
  for (const { name, scale } of weighting === 'none' ? [] : loraNodes(prompt, seed))
    strengths.set(name, (strengths.get(name) ?? 0) + scale)
  return networks.flatMap((network) => {
    const strength = network.kind === 'embedding' ? 1 : (strengths.get(network.name) ?? 0)
    return strength === 0 ? [] : [{ ...network, strength }]
  })
}

/** `<lora:…>`, and what LyCORIS' extension calls the same; hypernetworks are not loaded. */
export const isLora = ({ kind }: NetworkNode): boolean => kind === 'lora' || kind === 'lyco'

const loraNodes = (prompt: string, seed?: number): NetworkNode[] =>
  leavesOf(parsePrompt(prompt).parts, seed).filter((leaf) => leaf.type === 'network' && isLora(leaf)) as NetworkNode[]

const textsOf = (prompt: string, options?: Parameters<typeof parsePrompt>[1]): string[] =>
  leavesOf(parsePrompt(prompt, options).parts).flatMap((leaf) => (leaf.type === 'text' ? [leaf.raw] : []))

const byName = (a: NetworkRef, b: NetworkRef): number => (a.name < b.name ? -1 : 1)

/** What a name may hold that means something in a regular expression. */
const SYNTAX = /[.+]/g

/** Finds the names as whole words, with or without `<` and `>` around them, and as they are spelled; the longest where two fit. */
export function networkWords(names: readonly string[]): RegExp {
  const longestFirst = [...names].sort((a, b) => b.length - a.length).map((name) => name.replaceAll(SYNTAX, '\\$&'))
  const any = longestFirst.join('|')
  return new RegExp(`<(?:${any})>|(?<![\\p{L}\\p{N}_-])(?:${any})(?![\\p{L}\\p{N}_-])`, 'u')
}
