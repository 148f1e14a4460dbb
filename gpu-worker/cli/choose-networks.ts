// Which LoRAs and embeddings the pictures are made with: those the prompts name, as files. A recipe of ours keeps its own files.

import type { NetworkRef } from '#contracts/recipe.ts'
import { namedNetworks } from '#recipes/prompt/networks.ts'
import { listInstalledNetworks } from '../models/installed-networks.ts'
import { type GenerateArguments, UsageError } from './arguments.ts'
import type { RecipeBase } from './recipes.ts'

export interface ChosenNetworks {
  readonly networks: NetworkRef[] | undefined
  readonly notes: readonly string[]
}

/** @throws UsageError where the command's own prompt names a LoRA that is not installed, or a recipe needs another file. */
export async function chooseNetworks(
  args: Pick<GenerateArguments, 'prompt' | 'negativePrompt' | 'optional' | 'recipePath'>,
  base: RecipeBase,
  modelsDir: string,
): Promise<ChosenNetworks> {
  const installed = (await listInstalledNetworks(modelsDir)).map(({ manifest }) => manifest)
  const prompts = {
    prompt: args.prompt ?? base.prompt ?? '',
    negativePrompt: args.negativePrompt ?? base.negativePrompt ?? '',
    weighting: args.optional.weighting ?? base.weighting,
  }
  const named = namedNetworks(prompts, installed)
  for (const { kind, name, hash } of base.networks ?? []) {
    const there = named.networks.find((network) => network.kind === kind && network.name === name)
    // A LoRA listed and not named is not loaded; words of an embedding that is not here are only words.
    const isMissing =
      kind === 'lora'
        ? named.unknown.includes(name)
        : prompts.weighting !== 'none' && installed.every((each) => each.kind !== kind || each.name !== name)
    if (isMissing || (there !== undefined && there.hash !== hash))
      throw new UsageError(
        `${args.recipePath} needs the ${kind} ${name} (${hash}); ${isMissing ? 'it is not installed' : `installed is ${there?.hash}`}`,
      )
  }
  if (named.unknown.length > 0 && args.prompt !== undefined) {
    const known = installed.filter(({ kind }) => kind === 'lora').map(({ name }) => name)
    throw new UsageError(
      `There is no LoRA ${named.unknown.join(', ')}; installed: ${known.join(', ') || 'none'}. npm run models -- add FILE installs one`,
    )
  }
  return {
    networks: named.networks.length === 0 ? undefined : [...named.networks],
    notes: named.unknown.map((name) => `There is no LoRA ${name} here, so it adds nothing`),
  }
}
