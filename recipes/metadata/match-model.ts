// Which installed model a stranger's recipe means: by hash where it gives one, else by name as people write names.

export interface KnownModel {
  readonly id: string
  readonly name: string
  /** The manifest's hash, 64 hexadecimal digits. */
  readonly hash: string
  /** Other names and file names it goes by, and hashes its published files go by elsewhere. */
  readonly aliases?: readonly string[]
}

/** Programs shorten hashes to 8, 10 or 12 digits. */
const HASH_DIGITS_MIN = 8

export function matchModel(
  wanted: { readonly name?: string | undefined; readonly hash?: string | undefined },
  models: readonly KnownModel[],
): KnownModel | undefined {
  const hash = wanted.hash?.trim().toLowerCase()
  if (hash !== undefined && hash.length >= HASH_DIGITS_MIN && /^[0-9a-f]+$/.test(hash)) {
    const byHash = models.find((model) =>
      [model.hash, ...(model.aliases ?? [])].some((known) => known.startsWith(hash)),
    )
    if (byHash !== undefined) return byHash
  }
  if (wanted.name === undefined) return undefined
  const name = plainName(wanted.name)
  if (name === '') return undefined
  return models.find((model) =>
    [model.id, model.name, ...(model.aliases ?? [])].some((known) => plainName(known) === name),
  )
}

/** `SDXL\\sd_xl_base_1.0.safetensors` and `sd xl base 1.0` are the same name. */
function plainName(name: string): string {
  const file = name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1)
  return file
    .replace(/\.(safetensors|ckpt|pt|bin|gguf|sft)$/i, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '')
}
