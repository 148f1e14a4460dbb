// What merging needs to know of an ONNX file: its layers (nodes with the module path torch's exporter gave them) and where each
// weight's bytes lie, in the file or in an external data file beside it. Field numbers are onnx.proto3's.
import { type Field, readFields, readText, readVarint } from './wire.ts'

/** TensorProto.DataType, the two that weights to merge into have. */
export const ONNX_FLOAT = 1
export const ONNX_FLOAT16 = 10

export type WeightPlace =
  | { readonly kind: 'inside'; readonly start: number; readonly end: number }
  | { readonly kind: 'external'; readonly file: string; readonly start: number; readonly end: number }

export interface Initializer {
  readonly name: string
  /** TensorProto.DataType. */
  readonly dataType: number
  readonly dims: readonly number[]
  /** undefined where the values are neither raw nor packed floats. */
  readonly place: WeightPlace | undefined
  /** The whole field in the file, tag included. */
  readonly start: number
  readonly end: number
}

export interface GraphNode {
  readonly name: string
  readonly op: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  /** Gemm: the weight is stored [out, in]. */
  readonly transB: boolean
}

export interface OnnxGraph {
  readonly nodes: readonly GraphNode[]
  readonly initializers: ReadonlyMap<string, Initializer>
  /** The graph's field in the model, and its content. */
  readonly field: Field
  /** Files beside this one that hold weights, as it names them. */
  readonly externalFiles: readonly string[]
}

/** @throws RangeError where the bytes are no ONNX model. */
export function readGraph(bytes: Uint8Array): OnnxGraph {
  const field = [...readFields(bytes)].find(({ number, wireType }) => number === 7 && wireType === 2)
  if (field === undefined) throw new RangeError('An ONNX model has a graph, this file has none')
  const nodes: GraphNode[] = []
  const initializers = new Map<string, Initializer>()
  const externalFiles = new Set<string>()
  for (const inner of readFields(bytes, field.contentStart, field.end)) {
    if (inner.number === 1) nodes.push(readNode(bytes, inner))
    if (inner.number !== 5) continue
    const initializer = readInitializer(bytes, inner)
    initializers.set(initializer.name, initializer)
    if (initializer.place?.kind === 'external') externalFiles.add(initializer.place.file)
  }
  return { nodes, initializers, field, externalFiles: [...externalFiles] }
}

function readNode(bytes: Uint8Array, { contentStart, end }: Field): GraphNode {
  let name = ''
  let op = ''
  let transB = false
  const inputs: string[] = []
  const outputs: string[] = []
  for (const field of readFields(bytes, contentStart, end)) {
    if (field.number === 1) inputs.push(readText(bytes, field))
    else if (field.number === 2) outputs.push(readText(bytes, field))
    else if (field.number === 3) name = readText(bytes, field)
    else if (field.number === 4) op = readText(bytes, field)
    else if (field.number === 5) transB ||= isTrue(bytes, field, 'transB')
  }
  return { name, op, inputs, outputs, transB }
}

function isTrue(bytes: Uint8Array, attribute: Field, wanted: string): boolean {
  let name = ''
  let value = 0
  for (const field of readFields(bytes, attribute.contentStart, attribute.end)) {
    if (field.number === 1) name = readText(bytes, field)
    if (field.number === 3) value = field.value
  }
  return name === wanted && value === 1
}

function readInitializer(bytes: Uint8Array, tensor: Field): Initializer {
  const dims: number[] = []
  let name = ''
  let dataType = 0
  let inside: { start: number; end: number } | undefined
  let isExternal = false
  const external = new Map<string, string>()
  for (const field of readFields(bytes, tensor.contentStart, tensor.end)) {
    if (field.number === 1) dims.push(...readDims(bytes, field))
    else if (field.number === 2) dataType = field.value
    // Packed floats are laid out as raw ones are: little-endian, one after the other.
    else if ((field.number === 4 || field.number === 9) && field.wireType === 2 && field.end > field.contentStart)
      inside = { start: field.contentStart, end: field.end }
    else if (field.number === 8) name = readText(bytes, field)
    else if (field.number === 13) {
      const [key, value] = [...readFields(bytes, field.contentStart, field.end)].map((entry) => readText(bytes, entry))
      if (key !== undefined) external.set(key, value ?? '')
    } else if (field.number === 14) isExternal = field.value === 1
  }
  const common = { name, dataType, dims, start: tensor.start, end: tensor.end }
  if (!isExternal) return { ...common, place: inside && { kind: 'inside', ...inside } }
  const start = Number(external.get('offset') ?? 0)
  const length = Number(external.get('length') ?? elementCount(dims) * (dataType === ONNX_FLOAT16 ? 2 : 4))
  return { ...common, place: { kind: 'external', file: external.get('location') ?? '', start, end: start + length } }
}

/** Packed or one by one, as the writer liked. */
function readDims(bytes: Uint8Array, field: Field): number[] {
  if (field.wireType === 0) return [field.value]
  const dims: number[] = []
  for (let at = field.contentStart; at < field.end; ) {
    const [dim, next] = readVarint(bytes, at, field.end)
    dims.push(dim)
    at = next
  }
  return dims
}

export const elementCount = (dims: readonly number[]): number => dims.reduce((product, dim) => product * dim, 1)
