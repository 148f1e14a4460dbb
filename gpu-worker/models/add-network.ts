// A LoRA or embedding file → an installed one: read to the last tensor, described by what it says about itself, and put in place as a
// whole. Which of the two it is, is seen from its tensors.
import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { type NetworkManifest, networkManifestSchema } from '#contracts/network-manifest.ts'
import { type NetworkKind, networkNameSchema } from '#contracts/recipe.ts'
import { readEmbedding } from '#diffusion/networks/embedding-file.ts'
import { readLora } from '#diffusion/networks/lora-file.ts'
import { readSafetensors, type SafeTensors } from '#diffusion/networks/safetensors.ts'
import { NETWORK_FOLDERS } from './installed-networks.ts'
import { AddModelError } from './model-sources.ts'

export interface AddNetworkOptions {
  readonly path: string
  readonly modelsDir: string
  /** Default: the file's name, as A1111 has it. */
  readonly name?: string | undefined
  readonly license?: string | undefined
}

/** The largest LoRAs there are have about 2 GB; a checkpoint given by mistake has more. */
const FILE_MAX_BYTES = 3_000_000_000
const TRIGGER_WORDS_MAX = 10
/** The U-Net in a checkpoint of Stable Diffusion's original code. */
const CHECKPOINT_PREFIX = 'model.diffusion_model.'

/** @throws AddModelError or RangeError naming the rule. */
export async function addNetwork({ path, modelsDir, name, license }: AddNetworkOptions): Promise<NetworkManifest> {
  const file = basename(path)
  if (extname(path) !== '.safetensors')
    throw new AddModelError(
      `${file} is no safetensors file; a pickled one (.pt, .bin, .ckpt) can run code when it is read`,
    )
  const { size } = await stat(path)
  if (size > FILE_MAX_BYTES)
    throw new AddModelError(
      `${file} has ${size} bytes, a LoRA at most ${FILE_MAX_BYTES}; models -- convert takes checkpoints`,
    )
  const bytes = new Uint8Array(await readFile(path))
  const tensors = readSafetensors(bytes, file)
  if ([...tensors.tensors.keys()].some((tensor) => tensor.startsWith(CHECKPOINT_PREFIX)))
    throw new AddModelError(`${file} is a whole checkpoint, no LoRA or embedding; models -- convert takes it`)
  const kind = kindOf(tensors)
  const own = name ?? basename(path, '.safetensors')
  const checked = networkNameSchema.safeParse(own)
  if (!checked.success)
    throw new AddModelError(`${JSON.stringify(own)}: ${checked.error.issues[0]?.message}. Give another with --id`)
  const manifest = networkManifestSchema.parse({
    manifestVersion: 1,
    kind,
    name: own,
    license: license ?? tensors.metadata['modelspec.license'] ?? 'not stated in the file',
    ...factsOf(kind, bytes, file, tensors),
    sha256: createHash('sha256').update(bytes).digest('hex'),
    sizeBytes: size,
  })
  await install(manifest, bytes, join(modelsDir, NETWORK_FOLDERS[kind]))
  return manifest
}

const kindOf = ({ tensors }: SafeTensors): NetworkKind =>
  tensors.has('emb_params') || tensors.has('clip_l') || tensors.size === 1 ? 'embedding' : 'lora'

function factsOf(kind: NetworkKind, bytes: Uint8Array, file: string, { metadata }: SafeTensors) {
  const summary = (metadata['modelspec.description'] ?? metadata['modelspec.title'] ?? '').slice(0, 500)
  if (kind === 'embedding') {
    const { parts } = readEmbedding(bytes, file)
    const family = parts.text_encoder_2 === undefined ? familyOfWidth(parts.text_encoder?.width) : 'sdxl'
    return { summary, family, triggerWords: [] }
  }
  // What a U-Net's cross-attention takes in tells the family.
  const attention = readLora(bytes, file).find(({ part, path }) => part === 'unet' && path.endsWith('attn2_to_k'))
  return { summary, family: familyOfWidth(attention?.downShape[1]), triggerWords: triggerWords(metadata) }
}

/** Width of the text: CLIP ViT-L, OpenCLIP ViT-H, and SDXL's two side by side. */
function familyOfWidth(width: number | undefined): NetworkManifest['family'] {
  if (width === 768) return 'sd1'
  if (width === 1024) return 'sd2'
  return width === 2048 ? 'sdxl' : null
}

/** kohya's trainer counts the tags of its training pictures, by folder. */
function triggerWords(metadata: Readonly<Record<string, string>>): string[] {
  const phrase = metadata['modelspec.trigger_phrase']
  if (phrase !== undefined && phrase !== '') return [phrase.slice(0, 200)]
  let folders: unknown
  try {
    folders = JSON.parse(metadata.ss_tag_frequency ?? '{}')
  } catch {
    return []
  }
  const counts = new Map<string, number>()
  for (const tags of Object.values(folders ?? {}))
    for (const [tag, count] of Object.entries(tags ?? {}))
      if (typeof count === 'number') counts.set(tag.trim(), (counts.get(tag.trim()) ?? 0) + count)
  return [...counts]
    .filter(([tag]) => tag !== '' && tag.length <= 100)
    .sort(([, a], [, b]) => b - a)
    .slice(0, TRIGGER_WORDS_MAX)
    .map(([tag]) => tag)
}

/** Weights first, manifest last: what has a manifest is whole. */
async function install(manifest: NetworkManifest, bytes: Uint8Array, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  const weights = join(folder, `${manifest.name}.safetensors`)
  const json = join(folder, `${manifest.name}.json`)
  const isThere = await stat(json).then(
    () => true,
    () => false,
  )
  if (isThere)
    throw new AddModelError(
      `There is a ${manifest.kind} ${manifest.name} already; remove it first, or give another --name`,
    )
  await writeFile(`${weights}.part`, bytes)
  await rename(`${weights}.part`, weights)
  await writeFile(`${json}.part`, `${JSON.stringify(manifest, null, 2)}\n`)
  await rename(`${json}.part`, json)
}
