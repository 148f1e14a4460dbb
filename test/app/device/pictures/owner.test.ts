import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lastOwner, rememberOwner } from '#app/device/pictures/owner.ts'
import { openBrowserStorage } from '#test/app/offline/storage.ts'

describe('whose this browser’s pictures are', () => {
  let storage: ReturnType<typeof openBrowserStorage>
  beforeEach(() => {
    storage = openBrowserStorage()
  })
  afterEach(() => storage.close())

  it('is remembered for when no server can be asked, and forgotten with the sign-out', () => {
    rememberOwner({ id: 'ana', isGuest: false })
    expect(lastOwner()).toEqual({ id: 'ana', isGuest: false })
    rememberOwner(null)
    expect(lastOwner()).toBeNull()
  })

  it('goes with a guest into the account they become, and to nobody else', () => {
    expect(rememberOwner({ id: 'guest', isGuest: true })).toBeNull()
    expect(rememberOwner({ id: 'guest', isGuest: true })).toBeNull()
    expect(rememberOwner({ id: 'ana', isGuest: false })).toBe('guest')
    expect(rememberOwner({ id: 'bob', isGuest: false })).toBeNull()
    rememberOwner(null)
    expect(rememberOwner({ id: 'ana', isGuest: false })).toBeNull()
  })

  it('is nobody where what is kept makes no sense, or nothing can be kept', () => {
    localStorage.setItem('dewpoint.owner', '{"id":7}')
    expect(lastOwner()).toBeNull()
    localStorage.setItem('dewpoint.owner', 'broken')
    expect(lastOwner()).toBeNull()
    Reflect.deleteProperty(globalThis, 'localStorage')
    expect(lastOwner()).toBeNull()
    expect(rememberOwner({ id: 'ana', isGuest: false })).toBeNull()
  })
})
