// Which models are installed: every folder under MODELS_DIR that carries a manifest. Reading one verifies every byte of it.
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DewpointError } from '#contracts/errors.ts'
import { type ModelManifest, modelManifestSchema } from '#contracts/model-manifest.ts'
import { hashFile } from './hash-file.ts'
import { type FolderFiles, openModelFolder } from './model-folder.ts'

export interface InstalledModel {
  readonly manifest: ModelManifest
  readonly files: FolderFiles
}

const MANIFEST_FILE = 'dewpoint.json'
/** The model trained in this repository, where it is installed. */
const PREFERRED_ID = 'dewpoint'

/** Installed models by their manifests, the default first; weights are not read yet. */
export async function listInstalledModels(modelsDir: string): Promise<InstalledModel[]> {
  const entries = await readdir(modelsDir, { withFileTypes: true }).catch((cause: unknown) => {
    throw new Error(`There is no models folder at ${modelsDir}. Set MODELS_DIR to the folder that holds them.`, {
      cause,
    })
  })
  const found: InstalledModel[] = []
  for (const entry of entries
    .filter((candidate) => candidate.isDirectory())
    .sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const folder = join(modelsDir, entry.name)
    const json = await readFile(join(folder, MANIFEST_FILE), 'utf8').catch(() => null)
    if (json === null) continue
    const parsed = modelManifestSchema.safeParse(JSON.parse(json))
    if (!parsed.success) throw new Error(`${folder}/${MANIFEST_FILE} is not a manifest`, { cause: parsed.error })
    found.push({ manifest: parsed.data, files: openModelFolder(folder, parsed.data.files) })
  }
  return found.sort((a, b) => Number(b.manifest.id === PREFERRED_ID) - Number(a.manifest.id === PREFERRED_ID))
}

/** The named model, or the default where no name is given. */
export async function findInstalledModel(modelsDir: string, id: string | undefined): Promise<InstalledModel> {
  const models = await listInstalledModels(modelsDir)
  const model = id === undefined ? models[0] : models.find((candidate) => candidate.manifest.id === id)
  if (model === undefined) {
    const known = models.map((candidate) => candidate.manifest.id).join(', ')
    const asked = id === undefined ? 'No model is installed' : `Unknown model ${JSON.stringify(id)}`
    throw new DewpointError(
      'model.unavailable',
      `${asked} in ${modelsDir}; installed: ${known === '' ? 'none' : known}`,
    )
  }
  return model
}

/** Hashes every file the manifest lists. Throws on the first that is missing or differs, and when the list itself was changed. */
export async function verifyModel({ manifest, files }: InstalledModel): Promise<void> {
  const paths = Object.keys(manifest.files).sort()
  for (const path of paths) {
    const expected = manifest.files[path]?.sha256
    const actual = await hashFile(files.pathOf(path)).catch((cause: unknown) => {
      throw new Error(`Model ${manifest.id} lacks ${path}`, { cause })
    })
    if (actual !== expected) {
      throw new Error(
        `Model ${manifest.id}: ${path} has SHA-256 ${actual}, its manifest says ${expected}. Fetch it again.`,
      )
    }
  }
  const list = paths.map((path) => `${path} ${manifest.files[path]?.sha256}\n`).join('')
  const hash = createHash('sha256').update(list).digest('hex')
  if (hash !== manifest.hash) {
    throw new Error(`Model ${manifest.id}: the file list has SHA-256 ${hash}, its manifest says ${manifest.hash}`)
  }
}
