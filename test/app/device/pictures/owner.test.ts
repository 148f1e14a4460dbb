import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lastOwner, rememberOwner } from '#app/device/pictures/owner.ts'

/** What a browser's localStorage does, as far as this needs it. */
function storage(): Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> {
  const kept = new Map<string, string>()
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  }
}

describe('whose this browser’s pictures are', () => {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'localStorage')
  beforeEach(() => {
    Object.defineProperty(globalThis, 'localStorage', { value: storage(), configurable: true, writable: true })
  })
  afterEach(() => {
    if (before) Object.defineProperty(globalThis, 'localStorage', before)
    else Reflect.deleteProperty(globalThis, 'localStorage')
  })

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
