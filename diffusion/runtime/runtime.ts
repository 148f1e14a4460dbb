// What the core needs of an inference engine: tensors in, tensors out. No engine is imported here; entry points
// (gpu-worker, the browser engine, tests) pass one in.

/** A dense tensor in row-major order. float16 is carried as raw bits in a Uint16Array. */
export type Tensor =
  | { readonly type: 'float32'; readonly dims: readonly number[]; readonly data: Float32Array }
  | { readonly type: 'float16'; readonly dims: readonly number[]; readonly data: Uint16Array }
  | { readonly type: 'int64'; readonly dims: readonly number[]; readonly data: BigInt64Array }
  | { readonly type: 'int32'; readonly dims: readonly number[]; readonly data: Int32Array }
  | { readonly type: 'bool'; readonly dims: readonly number[]; readonly data: Uint8Array }

export type TensorType = Tensor['type']

/** Name, element type and shape of one graph input or output; a string dimension is symbolic (any size). */
export interface ValueInfo {
  readonly name: string
  readonly type: TensorType
  readonly dims: readonly (number | string)[]
}

/** One loaded ONNX graph. */
export interface Session {
  readonly inputs: readonly ValueInfo[]
  readonly outputs: readonly ValueInfo[]
  /** Runs the graph once. Rejects with the engine's error as `cause`; never returns part of the outputs. */
  run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>>
  /** Frees the graph's memory. Whoever created the session calls it, once, in `finally`. */
  dispose(): Promise<void>
}

/** One execution provider on one device. */
export interface Runtime {
  readonly provider: 'cpu' | 'cuda' | 'wasm' | 'webgpu'
  /** Loads `<component>/<file>` of a model, e.g. `unet/model.onnx`. */
  createSession(files: ModelFiles, path: string): Promise<Session>
}

/** Read access to one model folder in the diffusers ONNX layout, wherever it is kept. */
export interface ModelFiles {
  /** Paths relative to the model folder, `/`-separated. */
  has(path: string): Promise<boolean>
  /** Fresh bytes, which the caller may change. */
  readBytes(path: string): Promise<Uint8Array>
  /**
   * The weight files a graph names beside itself, where they are not simply files a runtime finds there: call it after
   * `readBytes` of the graph, once. Absent, or nothing: the graph has its weights inside, or finds them on disk.
   */
  takeExternalData?(path: string): readonly ExternalData[]
}

/** As engines' `externalData` session option wants it. */
export interface ExternalData {
  /** As the graph names it. */
  readonly path: string
  readonly data: Uint8Array
}
