// ONNX graphs of a few hundred bytes, written by hand as protocol buffers (onnx.proto3, IR version 8): for what the real models
// do not have, such as float16 at the border. One node each.

/** onnx.proto3, TensorProto.DataType. */
const DATA_TYPES = { float32: 1, int32: 6, int64: 7, bool: 9, float16: 10, float64: 11 } as const
export type TinyType = keyof typeof DATA_TYPES

export interface TinyGraph {
  readonly op: string
  readonly inputs: Readonly<Record<string, TinyValue>>
  readonly output: TinyValue
}
export interface TinyValue {
  readonly type: TinyType
  /** A string is a symbolic dimension. */
  readonly dims: readonly (number | string)[]
}

/** The output is called `y`. */
export function tinyOnnx({ op, inputs, output }: TinyGraph): Uint8Array<ArrayBuffer> {
  const names = Object.keys(inputs)
  const node = [...names.map((name) => text(1, name)), text(2, 'y'), text(4, op)].flat()
  const graph = [
    bytes(1, node),
    text(2, 'tiny'),
    ...names.map((name) => bytes(11, valueInfo(name, inputs[name] ?? output))),
    bytes(12, valueInfo('y', output)),
  ].flat()
  return Uint8Array.from([varint(1, 8), bytes(7, graph), bytes(8, varint(2, 17))].flat())
}

function valueInfo(name: string, { type, dims }: TinyValue): number[] {
  const shape = dims.flatMap((dim) => bytes(1, typeof dim === 'number' ? varint(1, dim) : text(2, dim)))
  const tensor = [...varint(1, DATA_TYPES[type]), ...bytes(2, shape)]
  return [...text(1, name), ...bytes(2, bytes(1, tensor))]
}

/** Wire type 0. */
const varint = (field: number, value: number): number[] => [field << 3, ...base128(value)]
/** Wire type 2. */
const bytes = (field: number, content: readonly number[]): number[] => [
  (field << 3) | 2,
  ...base128(content.length),
  ...content,
]
const text = (field: number, content: string) => bytes(field, [...new TextEncoder().encode(content)])

function base128(value: number): number[] {
  const rest = value >>> 7
  return rest === 0 ? [value] : [(value & 0x7f) | 0x80, ...base128(rest)]
}
