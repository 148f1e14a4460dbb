// The LoRAs and embeddings of this installation: every `<MODELS_DIR>/loras/<name>.json` and `embeddings/<name>.json`, read when
// asked for, since they come and go while the website runs. Weights are the workers' business.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type NetworkManifest, networkManifestSchema } from '#contracts/network-manifest.ts'

const FOLDERS = ['loras', 'embeddings']

/** By name, LoRAs first; a file that is no manifest is passed over, as half-written ones are. */
export async function readInstalledNetworks(root: string): Promise<NetworkManifest[]> {
  const manifests: NetworkManifest[] = []
  for (const folder of FOLDERS) {
    const names = await readdir(join(root, folder)).catch(() => [])
    for (const name of names.filter((file) => file.endsWith('.json')).sort()) {
      const manifest = await readManifest(join(root, folder, name))
      if (manifest !== undefined && `${manifest.name}.json` === name) manifests.push(manifest)
    }
  }
  return manifests
}

async function readManifest(file: string): Promise<NetworkManifest | undefined> {
  try {
    return networkManifestSchema.safeParse(JSON.parse(await readFile(file, 'utf8'))).data
  } catch {
    return undefined
  }
}
