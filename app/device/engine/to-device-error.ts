// Whatever a run threw → a row of the device's error table. The core wraps an engine's error, so the causes are looked through.
import {
  AbortedError,
  NonFiniteError,
  OutOfMemoryError,
  SessionError,
  UnsupportedDtypeError,
} from '#diffusion/errors.ts'
import { DeviceError, type DeviceErrorCode } from './device-error.ts'

/** After these the worker holds a device or a memory that cannot be used again. */
const FATAL: ReadonlySet<DeviceErrorCode> = new Set(['device-lost', 'out-of-memory', 'internal', 'engine-stopped'])

export const isFatal = ({ code }: DeviceError): boolean => FATAL.has(code)

export function toDeviceError(error: unknown): DeviceError {
  for (let cause = error; cause instanceof Error; cause = cause.cause) if (cause instanceof DeviceError) return cause
  const detail = describe(error)
  if (error instanceof Error && error.name === 'AbortError')
    return new DeviceError('canceled', detail, { cause: error })
  return new DeviceError(codeOf(error), detail, { cause: error })
}

function codeOf(error: unknown): DeviceErrorCode {
  if (error instanceof AbortedError) return 'canceled'
  if (error instanceof OutOfMemoryError) return 'out-of-memory'
  if (error instanceof NonFiniteError) return 'not-finite'
  if (error instanceof UnsupportedDtypeError) return 'unfit'
  // A size past 32 bits, and the end of a module that could not grow: what running out of memory is called in wasm.
  if (
    error instanceof SessionError &&
    /Integer overflow|aborted\(|memory access out of bounds/i.test(String(error.cause))
  ) {
    return 'out-of-memory'
  }
  if (error instanceof RangeError || error instanceof TypeError) return 'recipe-refused'
  return 'internal'
}

function describe(error: unknown): string {
  const words: string[] = []
  for (
    let cause = error;
    cause !== undefined && words.length < 5;
    cause = cause instanceof Error ? cause.cause : undefined
  ) {
    words.push(String(cause))
  }
  return words.join(' ← ')
}
