// Adds LoRA updates to the weights of an ONNX graph in place: same places, same sizes, so the graph around them is not touched and
// nothing is written anew. What a merged model costs at each step is what the model costs.
import { elementCount, ONNX_FLOAT, ONNX_FLOAT16, type OnnxGraph } from '../onnx/graph.ts'
import { decodeHalf, encodeHalf } from '../runtime/float16.ts'
import { type GraphLayer, graphLayers } from './graph-layers.ts'
import { fromLdmName } from './ldm-names.ts'
import type { LoraLayer, ModelPart } from './lora-file.ts'

export interface GraphBytes {
  readonly bytes: Uint8Array
  /** External data files by the name the graph gives them. */
  readonly external: ReadonlyMap<string, Uint8Array>
}

export interface MergeLoraOptions {
  readonly graph: OnnxGraph
  /** Changed in place. */
  readonly data: GraphBytes
  readonly part: ModelPart
  readonly layers: readonly LoraLayer[]
  /** As the prompt says it, `<lora:name:0.8>`. */
  readonly strength: number
  /** `layers_per_block` of the U-Net: SDXL files number its blocks in one row. */
  readonly layersPerBlock: number
  /** Of the LoRA, for errors. */
  readonly file: string
}

/** @throws RangeError naming the layer where the graph has none such, or one of another shape or element type. */
export function mergeLora({ graph, data, part, layers, strength, layersPerBlock, file }: MergeLoraOptions): void {
  const known = graphLayers(graph)
  const places = layers.map((layer) => {
    const place = known.get(layer.path) ?? known.get(fromLdmName(layer.path, layersPerBlock))
    if (place === undefined) throw new RangeError(`${file}: ${layer.key}: ${missing(part, known.size)}`)
    requireFit(layer, place, file)
    return { layer, place }
  })
  // All of it fits, so a refused file leaves the weights as they were.
  for (const { layer, place } of places) addUpdate(weightBytes(place, data), place, layer, strength * layer.scale)
}

function missing(part: ModelPart, layerCount: number): string {
  return layerCount === 0
    ? `the ${part} names none of its layers in float weights (it is quantised, or its exporter dropped the names)`
    : `the ${part} has no such layer; the file was made for another kind of model`
}

function requireFit(layer: LoraLayer, { name, weight, order }: GraphLayer, file: string): void {
  const [out = 0] = layer.upShape
  const [, ...inner] = layer.downShape
  if (weight.dataType !== ONNX_FLOAT && weight.dataType !== ONNX_FLOAT16)
    throw new RangeError(
      `${file}: ${name} keeps its weights as ONNX type ${weight.dataType}; merged are float32 and float16`,
    )
  if (weight.place === undefined)
    throw new RangeError(`${file}: the values of ${name} are not where they can be changed`)
  const [rows = 0, ...rest] = weight.dims
  const [outThere, innerThere] = order === 'out-first' ? [rows, elementCount(rest)] : [elementCount(rest), rows]
  if (outThere !== out || innerThere !== elementCount(inner)) {
    throw new RangeError(
      `${file}: ${layer.key} is for a weight of ${out} by ${elementCount(inner)}, ${name} is ${outThere} by ${innerThere}`,
    )
  }
}

function weightBytes({ name, weight }: GraphLayer, { bytes, external }: GraphBytes): Uint8Array {
  const { place } = weight
  const source = place?.kind === 'external' ? external.get(place.file) : bytes
  const length = elementCount(weight.dims) * (weight.dataType === ONNX_FLOAT16 ? 2 : 4)
  if (place === undefined || source === undefined || place.end > source.length || place.end - place.start !== length)
    throw new RangeError(`The weights of ${name} take ${length} bytes, and are not all there`)
  return source.subarray(place.start, place.end)
}

/** weight += factor · up · down. */
function addUpdate(bytes: Uint8Array, { weight, order }: GraphLayer, layer: LoraLayer, factor: number): void {
  const [out = 0, rank = 0] = layer.upShape
  const inner = layer.down.length / rank
  const isOutFirst = order === 'out-first'
  // Rows of the update are `rank` numbers of `left` times rows of `right`.
  const left = isOutFirst ? layer.up : transpose(layer.down, rank, inner)
  const right = isOutFirst ? layer.down : transpose(layer.up, out, rank)
  const values = readValues(bytes, weight.dataType)
  addProduct(
    values,
    left.map((value) => value * factor),
    right,
    rank,
  )
  bytes.set(writeValues(values, weight.dataType))
}

/**
 * values [rows, columns] += left [rows, rank] · right [rank, columns]. Four ranks at a time, so that each sum is loaded and stored a
 * quarter as often: SD 1.5's attention takes seconds, plainly written it took half a minute. Indices are in range by the loops.
 */
function addProduct(values: Float32Array, left: Float32Array, right: Float32Array, rank: number): void {
  const columns = right.length / rank
  const rows = values.length / columns
  for (let row = 0; row < rows; row++) {
    const start = row * columns
    let k = 0
    for (; k + 4 <= rank; k += 4) {
      const at = row * rank + k
      const a = left[at] as number
      const b = left[at + 1] as number
      const c = left[at + 2] as number
      const d = left[at + 3] as number
      let first = k * columns
      let second = first + columns
      let third = second + columns
      let fourth = third + columns
      for (let target = start; target < start + columns; target++) {
        values[target] =
          (values[target] as number) +
          a * (right[first++] as number) +
          b * (right[second++] as number) +
          c * (right[third++] as number) +
          d * (right[fourth++] as number)
      }
    }
    for (; k < rank; k++) {
      const by = left[row * rank + k] as number
      let source = k * columns
      for (let target = start; target < start + columns; target++)
        values[target] = (values[target] as number) + by * (right[source++] as number)
    }
  }
}

/** A copy (`slice` of Node’s Buffer is none): a weight starts wherever its message does, rarely at a multiple of four. */
function readValues(bytes: Uint8Array, dataType: number): Float32Array {
  const { buffer } = new Uint8Array(bytes)
  return dataType === ONNX_FLOAT16 ? decodeHalf(new Uint16Array(buffer)) : new Float32Array(buffer)
}

const writeValues = (values: Float32Array, dataType: number): Uint8Array =>
  new Uint8Array(dataType === ONNX_FLOAT16 ? encodeHalf(values).buffer : values.buffer)

/** [rows, columns] → [columns, rows]. */
function transpose(values: Float32Array, rows: number, columns: number): Float32Array {
  const turned = new Float32Array(values.length)
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) turned[column * rows + row] = values[row * columns + column] ?? 0
  return turned
}
