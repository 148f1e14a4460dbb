// Which LoRAs and embeddings are installed: `loras/<name>.safetensors` and `embeddings/<name>.safetensors` under MODELS_DIR, each
// with a JSON of the same name beside it that `models add` wrote. Weights are read when a picture needs them.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DewpointError } from '#contracts/errors.ts'
import { type NetworkManifest, networkManifestSchema } from '#contracts/network-manifest.ts'
import type { NetworkKind, Recipe } from '#contracts/recipe.ts'
import type { NetworkFile } from '#diffusion/networks/with-networks.ts'
import { networksOf } from '#recipes/prompt/networks.ts'

export const NETWORK_FOLDERS = { lora: 'loras', embedding: 'embeddings' } as const satisfies Record<NetworkKind, string>

export interface InstalledNetwork {
  readonly manifest: NetworkManifest
  /** Of the weights on this machine. */
  readonly path: string
}

/** By name, LoRAs first. @throws Error naming a manifest that is none. */
export async function listInstalledNetworks(modelsDir: string): Promise<InstalledNetwork[]> {
  const found: InstalledNetwork[] = []
  for (const [kind, folderName] of Object.entries(NETWORK_FOLDERS)) {
    const folder = join(modelsDir, folderName)
    const names = await readdir(folder).catch(() => [])
    for (const name of names.filter((file) => file.endsWith('.json')).sort()) {
      const path = join(folder, name)
      const parsed = networkManifestSchema.safeParse(JSON.parse(await readFile(path, 'utf8')))
      if (!parsed.success || parsed.data.kind !== kind || `${parsed.data.name}.json` !== name)
        throw new Error(`${path} is not the manifest of a ${kind}`, { cause: parsed.error })
      found.push({ manifest: parsed.data, path: join(folder, `${parsed.data.name}.safetensors`) })
    }
  }
  return found
}

/** What to load the model with for a recipe. @throws DewpointError model.unavailable where a file is not here. */
export async function findNetworkFiles(modelsDir: string, recipe: Recipe): Promise<NetworkFile[]> {
  const uses = networksOf(recipe)
  if (uses.length === 0) return []
  const installed = await listInstalledNetworks(modelsDir)
  return uses.map((use) => {
    const { kind, name, hash } = use
    const network = installed.find(({ manifest }) => manifest.kind === kind && manifest.sha256 === hash)
    if (network === undefined) {
      const same = installed.find(({ manifest }) => manifest.kind === kind && manifest.name === name)
      const there = same === undefined ? 'it is not installed' : `installed by that name is ${same.manifest.sha256}`
      throw new DewpointError('model.unavailable', `The recipe needs the ${kind} ${name} (${hash}); ${there}`)
    }
    return { ...use, readBytes: async () => new Uint8Array(await readFile(network.path)) }
  })
}
