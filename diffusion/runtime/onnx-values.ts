// What an engine of ONNX's family says of its values → the core's own types, checked. The same in Node and in browsers; making an
// engine's tensors is each adapter's own, for that differs.
import type { Tensor, TensorType, ValueInfo } from './runtime.ts'

const TENSOR_TYPES: readonly TensorType[] = ['float32', 'float16', 'int64', 'int32', 'bool']

/** As onnxruntime-common describes an input or output of a session. */
type ValueMetadata =
  | { readonly name: string; readonly isTensor: false }
  | {
      readonly name: string
      readonly isTensor: true
      readonly type: string
      readonly shape: readonly (number | string)[]
    }

/** @param path of the graph, for the message. @throws TypeError where the value is no tensor of a type the core knows. */
export function toValueInfo(value: ValueMetadata, path: string): ValueInfo {
  if (!value.isTensor) throw new TypeError(`${path}: ${value.name} is not a tensor; only tensors are supported`)
  return { name: value.name, type: tensorType(value.type, `${path}: ${value.name}`), dims: value.shape }
}

/** @throws TypeError where the data are not what the type says. */
export function toTensor(
  value: { readonly type: string; readonly dims: readonly number[]; readonly data: object },
  where: string,
): Tensor {
  const type = tensorType(value.type, where)
  const { dims, data } = value
  if (type === 'float32' && data instanceof Float32Array) return { type, dims, data }
  // Where the JS engine has Float16Array, ONNX Runtime hands that out; the core carries the raw bits.
  if (type === 'float16' && ArrayBuffer.isView(data) && 'BYTES_PER_ELEMENT' in data && data.BYTES_PER_ELEMENT === 2) {
    return { type, dims, data: new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2) }
  }
  if (type === 'int64' && data instanceof BigInt64Array) return { type, dims, data }
  if (type === 'int32' && data instanceof Int32Array) return { type, dims, data }
  if (type === 'bool' && data instanceof Uint8Array) return { type, dims, data }
  throw new TypeError(`${where} says ${value.type} but holds a ${data.constructor.name}`)
}

function tensorType(type: string, where: string): TensorType {
  const known = TENSOR_TYPES.find((candidate) => candidate === type)
  if (known === undefined) throw new TypeError(`${where} has element type ${type}; known: ${TENSOR_TYPES.join(', ')}`)
  return known
}
