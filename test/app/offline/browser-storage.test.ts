import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { readStored, writeStored } from '#app/offline/browser-storage.ts'
import { openBrowserStorage } from './storage.ts'

const schema = z.object({ place: z.enum(['auto', 'device']) })

describe('what a browser remembers', () => {
  let storage: ReturnType<typeof openBrowserStorage>
  beforeEach(() => {
    storage = openBrowserStorage()
  })
  afterEach(() => storage.close())

  it('comes back as it was, until it is forgotten', () => {
    writeStored('choice', { place: 'device' })
    expect(readStored('choice', schema)).toEqual({ place: 'device' })
    writeStored('choice', null)
    expect(readStored('choice', schema)).toBeNull()
  })

  it.each(['', '{', 'null', '3', '[]', '{"place":"moon"}'])('is nothing where it cannot be read: %s', (text) => {
    storage.set('choice', text)
    expect(readStored('choice', schema)).toBeNull()
  })

  it('costs nothing but memory where storage is switched off', () => {
    storage.close()
    writeStored('choice', { place: 'device' })
    expect(readStored('choice', schema)).toBeNull()
  })
})
