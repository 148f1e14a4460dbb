// Appends rows to the token embedding of a text encoder's graph, for words of textual inversion. The table grows, so its field and
// the graph around it are written with new lengths; every other byte is copied as it is.
import { elementCount, type Initializer, ONNX_FLOAT, ONNX_FLOAT16, type OnnxGraph } from '../onnx/graph.ts'
import { lengthPrefix, varintField } from '../onnx/wire.ts'
import { encodeHalf } from '../runtime/float16.ts'
import type { GraphBytes } from './merge-lora.ts'

export interface TokenTable {
  readonly initializer: Initializer
  /** Rows it has: the first new id. */
  readonly rows: number
  readonly width: number
}

/** The largest table that rows are gathered from: positions have one too, of one row a place. @throws RangeError where there is none. */
export function findTokenTable(graph: OnnxGraph): TokenTable {
  const casts = graph.nodes.filter(({ op }) => op === 'Cast')
  const castFrom = new Map(casts.map(({ inputs, outputs }) => [outputs[0], inputs[0]]))
  let found: TokenTable | undefined
  for (const { op, inputs } of graph.nodes) {
    const [name = ''] = inputs
    const initializer = graph.initializers.get(castFrom.get(name) ?? name)
    if (op !== 'Gather' || initializer?.dims.length !== 2) continue
    const [rows = 0, width = 0] = initializer.dims
    if (found === undefined || rows > found.rows) found = { initializer, rows, width }
  }
  if (found === undefined)
    throw new RangeError('A text encoder gathers its embeddings from a table; this graph has none')
  return found
}

/** @param added float32 [count, width] each. @returns the whole file anew; the table is inside it then. */
export function appendEmbeddings(
  graph: OnnxGraph,
  { bytes, external }: GraphBytes,
  { initializer, rows, width }: TokenTable,
  added: readonly Float32Array[],
): Uint8Array {
  const { place, dataType, name } = initializer
  const isHalf = dataType === ONNX_FLOAT16
  if (!isHalf && dataType !== ONNX_FLOAT)
    throw new RangeError(`The token embeddings are ONNX type ${dataType}; float32 and float16 can be added to`)
  const source = place?.kind === 'external' ? external.get(place.file) : bytes
  const length = elementCount(initializer.dims) * (isHalf ? 2 : 4)
  if (place === undefined || source === undefined || place.end > source.length || place.end - place.start !== length)
    throw new RangeError(`The token embeddings take ${length} bytes, and are not all there`)
  const newRows = added.flatMap((values) => Array.from(values))
  const tail = new Uint8Array(isHalf ? encodeHalf(newRows).buffer : Float32Array.from(newRows).buffer)

  const nameBytes = new TextEncoder().encode(name)
  const head = Uint8Array.from([
    ...varintField(1, rows + newRows.length / width),
    ...varintField(1, width),
    ...varintField(2, dataType),
    ...lengthPrefix(8, nameBytes.length),
    ...nameBytes,
    ...lengthPrefix(9, length + tail.length),
  ])
  const tensor = [head, source.subarray(place.start, place.end), tail]
  const before = bytes.subarray(graph.field.contentStart, initializer.start)
  const after = bytes.subarray(initializer.end, graph.field.end)
  const inner = [before, Uint8Array.from(lengthPrefix(5, byteLength(tensor))), ...tensor, after]
  return concat([
    bytes.subarray(0, graph.field.start),
    Uint8Array.from(lengthPrefix(7, byteLength(inner))),
    ...inner,
    bytes.subarray(graph.field.end),
  ])
}

const byteLength = (parts: readonly Uint8Array[]): number => parts.reduce((sum, part) => sum + part.length, 0)

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(byteLength(parts))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
