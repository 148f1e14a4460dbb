// A model's files with networks merged in: reads as the model folder does, only that the graphs come out with LoRAs added to their
// weights and with embeddings for new words. Whoever loads the model from it need not know.
import { z } from 'zod'
import { sha256Hex } from '#recipes/hash.ts'
import type { NetworkUse } from '#recipes/prompt/networks.ts'
import { readGraph } from '../onnx/graph.ts'
import { hasComponent } from '../runtime/component.ts'
import { readComponentConfig } from '../runtime/read-config.ts'
import type { ExternalData, ModelFiles } from '../runtime/runtime.ts'
import { appendEmbeddings, findTokenTable } from './append-embeddings.ts'
import { type EmbeddingFile, readEmbedding } from './embedding-file.ts'
import { type LoraLayer, MODEL_PARTS, type ModelPart, readLora } from './lora-file.ts'
import { type GraphBytes, mergeLora } from './merge-lora.ts'

/** An installed network and the file it is in. */
export interface NetworkFile extends NetworkUse {
  readBytes(): Promise<Uint8Array<ArrayBuffer>>
}

/** A word of textual inversion and the ids of its vectors. */
export interface AddedWord {
  readonly word: string
  readonly ids: readonly number[]
}

export interface FilesWithNetworks extends ModelFiles {
  /** Of a text encoder whose graph has been read. */
  readonly addedWords: (component: string) => readonly AddedWord[]
}

interface Lora {
  readonly file: string
  readonly strength: number
  readonly layers: readonly LoraLayer[]
}
interface Embedding {
  readonly word: string
  readonly file: EmbeddingFile
}

const unetSchema = z.looseObject({ layers_per_block: z.union([z.int(), z.array(z.int())]).default(2) })

/** @throws RangeError where a file is not what the recipe means, is damaged, or does not fit the model. */
export async function withNetworks(files: ModelFiles, networks: readonly NetworkFile[]): Promise<FilesWithNetworks> {
  const { loras, embeddings } = await readNetworks(networks)
  await requireParts(files, loras, embeddings)
  const config = await readComponentConfig(files, 'unet', unetSchema)
  const layersPerBlock =
    typeof config.layers_per_block === 'number' ? config.layers_per_block : (config.layers_per_block[0] ?? 2)
  const external = new Map<string, readonly ExternalData[]>()
  const added = new Map<string, readonly AddedWord[]>()

  return {
    has: (path) => files.has(path),
    addedWords: (component) => added.get(component) ?? [],
    takeExternalData(path) {
      const taken = external.get(path) ?? files.takeExternalData?.(path) ?? []
      external.delete(path)
      return taken
    },
    async readBytes(path) {
      const part = MODEL_PARTS.find((name) => path.startsWith(`${name}/`))
      if (part === undefined || !path.endsWith('.onnx')) return files.readBytes(path)
      const data = await readGraphBytes(files, path)
      const graph = readGraph(data.bytes)
      for (const { layers, strength, file } of loras) {
        const own = layers.filter((layer) => layer.part === part)
        if (own.length > 0) mergeLora({ graph, data, part, layers: own, strength, layersPerBlock, file })
      }
      external.set(
        path,
        [...data.external].map(([name, bytes]) => ({ path: name, data: bytes })),
      )
      if (part === 'unet' || embeddings.length === 0) return data.bytes
      const table = findTokenTable(graph)
      const vectors = embeddings.map((embedding) => vectorsFor(embedding, part, table.width))
      let id = table.rows
      added.set(
        part,
        embeddings.map(({ word }, index) => ({
          word,
          ids: Array.from({ length: vectors[index]?.count ?? 0 }, () => id++),
        })),
      )
      return appendEmbeddings(
        graph,
        data,
        table,
        vectors.map((vector) => vector.data),
      )
    },
  }
}

async function readNetworks(networks: readonly NetworkFile[]): Promise<{ loras: Lora[]; embeddings: Embedding[] }> {
  const loras: Lora[] = []
  const embeddings: Embedding[] = []
  for (const { kind, name, hash, strength, readBytes } of networks) {
    const bytes = await readBytes()
    const actual = await sha256Hex(bytes)
    if (actual !== hash)
      throw new RangeError(`The ${kind} ${name} here has SHA-256 ${actual}, the recipe means ${hash}`)
    if (kind === 'lora') loras.push({ file: name, strength, layers: readLora(bytes, name) })
    else embeddings.push({ word: name, file: readEmbedding(bytes, name) })
  }
  return { loras, embeddings }
}

/** A part the model does not have would be passed over in silence. */
async function requireParts(
  files: ModelFiles,
  loras: readonly Lora[],
  embeddings: readonly Embedding[],
): Promise<void> {
  const there = new Set<ModelPart>()
  for (const part of MODEL_PARTS) if (await hasComponent(files, part)) there.add(part)
  for (const { layers, file } of loras) {
    const homeless = layers.find(({ part }) => !there.has(part))
    if (homeless !== undefined)
      throw new RangeError(`${file} changes the ${homeless.part} (${homeless.key}), which this model does not have`)
  }
  for (const { word, file } of embeddings) {
    const needed = there.has('text_encoder_2') ? 2 : 1
    const has = Object.keys(file.parts).length
    if (has !== needed)
      throw new RangeError(
        `${word} has vectors for ${has} text encoder${has === 1 ? '' : 's'}, this model has ${needed}`,
      )
  }
}

function vectorsFor({ word, file }: Embedding, part: 'text_encoder' | 'text_encoder_2', width: number) {
  const vectors = file.parts[part]
  if (vectors?.width !== width)
    throw new RangeError(`${word} has vectors of width ${vectors?.width ?? 0}, the ${part} reads ${width}`)
  return vectors
}

async function readGraphBytes(files: ModelFiles, path: string): Promise<GraphBytes> {
  const bytes = await files.readBytes(path)
  const external = new Map((files.takeExternalData?.(path) ?? []).map(({ path: name, data }) => [name, data]))
  const folder = path.slice(0, path.lastIndexOf('/') + 1)
  for (const name of readGraph(bytes).externalFiles) {
    if (!external.has(name)) external.set(name, await files.readBytes(folder + name))
  }
  return { bytes, external }
}
