// The core's named errors: only those a caller branches on. A broken rule is a RangeError that states the rule and the
// received value, and needs no class of its own.

/** The run was stopped through its `signal`. Named as the platform names it, so that `fetch`-style handling applies. */
export class AbortedError extends Error {
  override readonly name = 'AbortError'
  constructor(cause?: unknown) {
    super('The run was aborted', { cause })
  }
}

/** NaN or infinity came out of a graph: a picture made from it would be black. Often fp16 overflowing. */
export class NonFiniteError extends Error {
  override readonly name = 'NonFiniteError'
  readonly session: string
  /** Index of the model call, where the run was denoising. */
  readonly callIndex: number | undefined
  constructor(session: string, callIndex?: number) {
    const where = callIndex === undefined ? '' : ` at call ${callIndex}`
    super(`${session} returned NaN or infinite values${where}`)
    this.session = session
    this.callIndex = callIndex
  }
}

/** The provider cannot compute in the graph's element type, e.g. float16 on WebGPU without `shader-f16`. */
export class UnsupportedDtypeError extends Error {
  override readonly name = 'UnsupportedDtypeError'
  constructor(session: string, dtype: string, provider: string, options?: ErrorOptions) {
    super(`${provider} cannot run ${session} in ${dtype}; choose another dtype of the model`, options)
  }
}

/** The device has no room for a graph or its intermediate results; a smaller size or batch may fit. */
export class OutOfMemoryError extends Error {
  override readonly name = 'OutOfMemoryError'
  constructor(session: string, options?: ErrorOptions) {
    super(`Out of memory in ${session}; try a smaller picture or batch`, options)
  }
}

/** Any other failure of the engine, with the engine's own error as `cause`. */
export class SessionError extends Error {
  override readonly name = 'SessionError'
  readonly session: string
  constructor(session: string, options: ErrorOptions) {
    super(`${session} failed: ${String(options.cause)}`, options)
    this.session = session
  }
}

/** How engines word it when memory runs out: ORT's arena, C++, CUDA, WebGPU and wasm in turn. */
const OUT_OF_MEMORY =
  /failed to allocate memory|bad_alloc|out of memory|not enough memory|array buffer allocation failed|buffer size .* exceeds/i
const UNSUPPORTED_DTYPE = /shader-f16|f16.*not supported|float16.*not (supported|implemented)/i

/** Gives an engine's error its name; what is already named passes unchanged. */
export function nameSessionError(cause: unknown, session: string, provider: string): Error {
  if (cause instanceof AbortedError || cause instanceof NonFiniteError || cause instanceof RangeError) return cause
  if (cause instanceof UnsupportedDtypeError || cause instanceof OutOfMemoryError) return cause
  const message = String(cause)
  if (OUT_OF_MEMORY.test(message)) return new OutOfMemoryError(session, { cause })
  if (UNSUPPORTED_DTYPE.test(message)) return new UnsupportedDtypeError(session, 'float16', provider, { cause })
  return new SessionError(session, { cause })
}

export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new AbortedError(signal.reason)
}
