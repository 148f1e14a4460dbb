import { expect, test } from 'vitest'
import { fittedInputKey, imageKey, inputKey, quarantineKey } from '#server/storage/index.ts'

test('each kind of object has its own prefix, and attempts never share a key', () => {
  expect(imageKey({ userId: 'u1', imageId: 'i1', attempt: 1 })).toBe('u/u1/i1/1.png')
  expect(imageKey({ userId: 'u1', imageId: 'i1', attempt: 2 })).toBe('u/u1/i1/2.png')
  expect(quarantineKey('x')).toBe('quarantine/x')
  expect(inputKey({ userId: 'u1', uploadId: 'x' })).toBe('inputs/u1/x.png')
  expect(fittedInputKey({ userId: 'u1', uploadId: 'x', sha256: 'ab' })).toBe('inputs/u1/x/ab.png')
})

test.each(['', '..', '../x', 'a/b', 'a b', 'é', 'a\0b', 'x'.repeat(129)])('%j is no id a key may hold', (id) => {
  expect(() => quarantineKey(id)).toThrow(RangeError)
  expect(() => imageKey({ userId: id, imageId: 'i', attempt: 1 })).toThrow(RangeError)
  expect(() => inputKey({ userId: 'u', uploadId: id })).toThrow(RangeError)
})

test.each([0, -1, 1.5, Number.NaN])('%d is no attempt', (attempt) => {
  expect(() => imageKey({ userId: 'u', imageId: 'i', attempt })).toThrow(`got ${attempt}`)
})
