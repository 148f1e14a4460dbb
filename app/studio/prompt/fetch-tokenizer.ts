// A model's tokenizer in the browser: its small files from our own server, the loading diffusion/'s. Fetched once per model.
import type { AnalyzerTokenizer } from '#diffusion/prompt/analyze-prompt.ts'
import type { ModelFiles } from '#diffusion/runtime/runtime.ts'

export async function fetchTokenizer(model: {
  readonly id: string
  readonly hash: string
}): Promise<AnalyzerTokenizer> {
  const { loadTokenizer } = await import('#diffusion/model/tokenizer.ts')
  const files = modelFiles(model)
  const config: unknown = JSON.parse(new TextDecoder().decode(await files.readBytes('text_encoder/config.json')))
  return loadTokenizer(files, 'tokenizer', positionsOf(config))
}

/** Tokens the text encoder takes. */
function positionsOf(config: unknown): number {
  const positions = config !== null && typeof config === 'object' ? Object.entries(config) : []
  const [, length] = positions.find(([key]) => key === 'max_position_embeddings') ?? []
  if (typeof length !== 'number') throw new RangeError('The text encoder does not say how many tokens it takes')
  return length
}

function modelFiles({ id, hash }: { readonly id: string; readonly hash: string }): ModelFiles {
  const fetched = new Map<string, Promise<Uint8Array<ArrayBuffer> | null>>()
  const get = (path: string) => {
    const known = fetched.get(path)
    if (known !== undefined) return known
    const address = `/api/models/${encodeURIComponent(id)}/${path}?model=${hash}`
    const asked = fetch(address).then(async (response) => {
      if (response.status === 404) return null
      if (!response.ok) throw new Error(`${address} answered ${response.status}`)
      return new Uint8Array(await response.arrayBuffer())
    })
    fetched.set(path, asked)
    return asked
  }
  return {
    has: async (path) => (await get(path)) !== null,
    readBytes: async (path) => {
      const bytes = await get(path)
      if (bytes === null) throw new RangeError(`The model has no ${path}`)
      return bytes
    },
  }
}
