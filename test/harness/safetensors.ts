// Writes safetensors files, float32 only: small LoRAs and embeddings made in a test.

export interface TensorValues {
  readonly shape: readonly number[]
  readonly data: ArrayLike<number>
}

export function safetensors(
  tensors: Readonly<Record<string, TensorValues>>,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const header: Record<string, unknown> = metadata === undefined ? {} : { __metadata__: metadata }
  const parts: Uint8Array[] = []
  let at = 0
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    const bytes = new Uint8Array(Float32Array.from(data).buffer)
    header[name] = { dtype: 'F32', shape, data_offsets: [at, at + bytes.length] }
    parts.push(bytes)
    at += bytes.length
  }
  const json = new TextEncoder().encode(JSON.stringify(header))
  const file = new Uint8Array(8 + json.length + at)
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true)
  file.set(json, 8)
  let offset = 8 + json.length
  for (const part of parts) {
    file.set(part, offset)
    offset += part.length
  }
  return file
}

/** Float32 zeros of a shape; what they are does not matter. */
export const zeros = (...shape: number[]): TensorValues => ({
  shape,
  data: new Float32Array(shape.reduce((product, side) => product * side, 1)),
})
