// Says which row of the error table a call must fail with, and that a person is told something they understand.
import { TRPCError } from '@trpc/server'
import { expect } from 'vitest'
import { DewpointError, ERRORS, type ErrorCode } from '#contracts/errors.ts'

/** Fails unless `call` rejects with `code` under the table's tRPC status; returns the detail. */
export async function expectError(call: Promise<unknown>, code: ErrorCode, detail?: RegExp): Promise<string> {
  const error = await call.then(
    (value) => {
      throw new Error(`Expected ${code}, got ${JSON.stringify(value)}`)
    },
    (caught: unknown) => caught,
  )
  if (!(error instanceof TRPCError)) throw error
  expect(error.cause).toBeInstanceOf(DewpointError)
  const cause = error.cause as DewpointError
  expect(cause.code, cause.detail).toBe(code)
  expect(error.code).toBe(ERRORS[code].trpc)
  if (detail !== undefined) expect(cause.detail).toMatch(detail)
  return cause.detail ?? ''
}
