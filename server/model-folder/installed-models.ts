// The models this installation offers: every `<MODELS_DIR>/<id>/dewpoint.json`, read once. Weights are the workers' business.
import { readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type ModelManifest, modelManifestSchema } from '#contracts/model-manifest.ts'

export interface InstalledModels {
  /** The folder that holds a folder for each. */
  readonly root: string
  /** By id; the default model first. */
  readonly all: readonly ModelManifest[]
  get(id: string): ModelManifest | undefined
}

/** The model offered first where it is installed. */
const DEFAULT_MODEL = 'dewpoint'

/** @throws Error naming the manifest that breaks its schema. A folder without a manifest is not a model and is passed over. */
export async function readInstalledModels(modelsDir: string): Promise<InstalledModels> {
  const root = resolve(modelsDir)
  const entries = await readdir(root, { withFileTypes: true }).catch((cause: NodeJS.ErrnoException) => {
    throw new Error(`MODELS_DIR ${root} cannot be read (${cause.code}); set it to the folder that holds the models`, {
      cause,
    })
  })
  const manifests: ModelManifest[] = []
  for (const entry of entries) {
    if (!entry.isDirectory()) continue
    const manifest = await readManifest(join(root, entry.name, 'dewpoint.json'))
    if (manifest !== null) manifests.push(manifest)
  }
  return installedModels(manifests, root)
}

export function installedModels(manifests: readonly ModelManifest[], root = resolve('models')): InstalledModels {
  const all = [...manifests].sort(
    (a, b) => Number(b.id === DEFAULT_MODEL) - Number(a.id === DEFAULT_MODEL) || (a.id < b.id ? -1 : 1),
  )
  const byId = new Map(all.map((manifest) => [manifest.id, manifest]))
  return { root, all, get: (id) => byId.get(id) }
}

async function readManifest(file: string): Promise<ModelManifest | null> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  const parsed = modelManifestSchema.safeParse(JSON.parse(text))
  if (parsed.success) return parsed.data
  const first = parsed.error.issues[0]
  throw new Error(`${file} is not a model manifest: ${first?.path.join('.')}: ${first?.message}`)
}
