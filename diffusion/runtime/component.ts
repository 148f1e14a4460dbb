// One graph of a model by its folder name (`unet`, `vae_decoder`...): feeds cast to the element types the graph declares,
// shapes checked before the engine sees them, failures named. What the numbers mean is the business of diffusion/model/.
import { nameSessionError } from '../errors.ts'
import { decodeHalf, encodeHalf } from './float16.ts'
import type { ModelFiles, Runtime, Session, Tensor, ValueInfo } from './runtime.ts'

/** A dense row-major tensor on the core's side of a graph: always float32, or int32 for token ids. */
export interface Values {
  readonly dims: readonly number[]
  readonly data: Float32Array | Int32Array
}
export interface FloatValues {
  readonly dims: readonly number[]
  readonly data: Float32Array
}

export interface Component {
  readonly name: string
  readonly inputs: ReadonlyMap<string, ValueInfo>
  readonly outputs: readonly ValueInfo[]
  run(feeds: Readonly<Record<string, Values>>): Promise<Record<string, FloatValues>>
  dispose(): Promise<void>
}

export interface LoadComponentOptions {
  readonly runtime: Runtime
  readonly files: ModelFiles
  /** Folder in the diffusers layout. */
  readonly name: string
  /** Suffix of the file, `fp16` for `model_fp16.onnx` or `model.fp16.onnx`; absent means `model.onnx`. */
  readonly dtype?: string
}

/** Whether the model has the component at all, in whatever precision. */
export async function hasComponent(files: ModelFiles, name: string): Promise<boolean> {
  return (await files.has(`${name}/config.json`)) || files.has(`${name}/model.onnx`)
}

/** @throws RangeError when the model has no such file, or a named error when the engine cannot load it. */
export async function loadComponent({ runtime, files, name, dtype }: LoadComponentOptions): Promise<Component> {
  const candidates = dtype === undefined ? ['model.onnx'] : [`model_${dtype}.onnx`, `model.${dtype}.onnx`]
  for (const file of candidates) {
    const path = `${name}/${file}`
    if (!(await files.has(path))) continue
    const session = await runtime.createSession(files, path).catch((cause: unknown) => {
      // A rule of ours that the files break, such as a LoRA of another shape, is not the engine's failure.
      throw cause instanceof RangeError ? cause : nameSessionError(cause, name, runtime.provider)
    })
    return component(name, session, runtime.provider)
  }
  throw new RangeError(`The model has no ${candidates.map((file) => `${name}/${file}`).join(' or ')}`)
}

function component(name: string, session: Session, provider: string): Component {
  const inputs = new Map(session.inputs.map((info) => [info.name, info]))
  return {
    name,
    inputs,
    outputs: session.outputs,
    async run(feeds) {
      const tensors: Record<string, Tensor> = {}
      for (const info of session.inputs) {
        const values = feeds[info.name]
        if (values === undefined) throw new RangeError(`${name} needs the input ${info.name}, which was not given`)
        checkShape(name, info, values)
        tensors[info.name] = castTo(info, values)
      }
      const results = await session.run(tensors).catch((cause: unknown) => {
        throw nameSessionError(cause, name, provider)
      })
      return Object.fromEntries(Object.entries(results).flatMap(([key, tensor]) => floatEntry(key, tensor)))
    },
    dispose: () => session.dispose(),
  }
}

function checkShape(component: string, info: ValueInfo, { dims, data }: Values): void {
  const fits =
    info.dims.length === dims.length && info.dims.every((dim, i) => typeof dim === 'string' || dim === dims[i])
  const size = dims.reduce((product, dim) => product * dim, 1)
  if (!fits || size !== data.length) {
    throw new RangeError(
      `${component} takes ${info.name} of shape [${info.dims.join(', ')}], got [${dims.join(', ')}] with ${data.length} values`,
    )
  }
}

function castTo(info: ValueInfo, { dims, data }: Values): Tensor {
  switch (info.type) {
    case 'float32':
      return { type: 'float32', dims, data: data instanceof Float32Array ? data : Float32Array.from(data) }
    case 'float16':
      return { type: 'float16', dims, data: encodeHalf(data) }
    // A schedule may fall between two training timesteps; a graph that counts in whole ones is told the nearest.
    case 'int64':
      return { type: 'int64', dims, data: BigInt64Array.from(data as ArrayLike<number>, roundBig) }
    case 'int32':
      return { type: 'int32', dims, data: Int32Array.from(data, Math.round) }
    case 'bool':
      throw new RangeError(`${info.name} is a boolean input, which no component of the diffusers layout has`)
    default:
      return info.type satisfies never
  }
}

const roundBig = (value: number): bigint => BigInt(Math.round(value))

/** Float outputs only; optional integer outputs (masks, positions) carry nothing the pipelines use. */
function floatEntry(key: string, tensor: Tensor): [string, FloatValues][] {
  if (tensor.type === 'float32') return [[key, { dims: tensor.dims, data: tensor.data }]]
  if (tensor.type === 'float16') return [[key, { dims: tensor.dims, data: decodeHalf(tensor.data) }]]
  return []
}
