import { describe, expect, test } from 'vitest'
import {
  AbortedError,
  NonFiniteError,
  nameSessionError,
  OutOfMemoryError,
  SessionError,
  throwIfAborted,
  UnsupportedDtypeError,
} from '#diffusion/errors.ts'

describe('errors of an engine get the name a caller branches on', () => {
  test.each([
    'std::bad_alloc',
    'Failed to allocate memory for requested buffer of size 8388608',
    'CUDA out of memory',
    'RangeError: Array buffer allocation failed',
    'Buffer size (2147483648) exceeds the max buffer size limit (268435456)',
  ])('%s: out of memory', (message) => {
    const cause = new Error(message)
    const named = nameSessionError(cause, 'unet', 'cpu')
    expect(named).toBeInstanceOf(OutOfMemoryError)
    expect(named.message).toContain('unet')
    expect(named.cause).toBe(cause)
  })

  test('a device without shader-f16: the dtype is not supported', () => {
    const named = nameSessionError(new Error("The device does not support 'shader-f16'"), 'vae_decoder', 'webgpu')
    expect(named).toBeInstanceOf(UnsupportedDtypeError)
    expect(named.message).toBe('webgpu cannot run vae_decoder in float16; choose another dtype of the model')
  })

  test('anything else keeps its session and cause', () => {
    const cause = new Error('boom')
    const named = nameSessionError(cause, 'unet', 'cpu')
    expect(named).toBeInstanceOf(SessionError)
    expect(named).toMatchObject({ session: 'unet', cause })
  })

  test('what is named already stays what it is', () => {
    for (const error of [new AbortedError(), new NonFiniteError('unet', 3), new RangeError('rule')]) {
      expect(nameSessionError(error, 'unet', 'cpu')).toBe(error)
    }
  })

  test('a non-finite output names its session and call', () => {
    expect(new NonFiniteError('unet', 12).message).toBe('unet returned NaN or infinite values at call 12')
  })

  test('an aborted signal throws with its reason as cause', () => {
    const reason = new Error('changed my mind')
    expect(() => throwIfAborted(AbortSignal.abort(reason))).toThrow(
      expect.objectContaining({ name: 'AbortError', cause: reason }),
    )
    expect(() => throwIfAborted(undefined)).not.toThrow()
  })
})
