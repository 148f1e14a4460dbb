// The same ONNX file with its weights in a file beside it, as Optimum and diffusers' scripts write large models.
import { readGraph } from '#diffusion/onnx/graph.ts'
import { lengthPrefix, varintField } from '#diffusion/onnx/wire.ts'

/** @param location what the graph calls the other file. */
export function withExternalData(bytes: Uint8Array, location: string): { model: Uint8Array; data: Uint8Array } {
  const { initializers, field } = readGraph(bytes)
  const text = (number: number, value: string) => {
    const encoded = new TextEncoder().encode(value)
    return [...lengthPrefix(number, encoded.length), ...encoded]
  }
  const entry = (key: string, value: string) => {
    const pair = [...text(1, key), ...text(2, value)]
    return [...lengthPrefix(13, pair.length), ...pair]
  }
  const parts: Uint8Array[] = []
  const data: Uint8Array[] = []
  let at = field.contentStart
  let offset = 0
  for (const { name, dims, dataType, place, start, end } of initializers.values()) {
    if (place?.kind !== 'inside' || place.end - place.start < 64) continue
    parts.push(bytes.subarray(at, start))
    const length = place.end - place.start
    const tensor = [
      ...dims.flatMap((dim) => varintField(1, dim)),
      ...varintField(2, dataType),
      ...text(8, name),
      ...entry('location', location),
      ...entry('offset', `${offset}`),
      ...entry('length', `${length}`),
      ...varintField(14, 1),
    ]
    parts.push(Uint8Array.from([...lengthPrefix(5, tensor.length), ...tensor]))
    data.push(bytes.subarray(place.start, place.end))
    offset += length
    at = end
  }
  parts.push(bytes.subarray(at, field.end))
  const graph = Buffer.concat(parts)
  const head = Uint8Array.from(lengthPrefix(7, graph.length))
  return {
    model: new Uint8Array(Buffer.concat([bytes.subarray(0, field.start), head, graph, bytes.subarray(field.end)])),
    data: new Uint8Array(Buffer.concat(data)),
  }
}
