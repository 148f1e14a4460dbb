// localStorage for tests that run outside a browser: what a browser's does, as far as ours needs it.

export function openBrowserStorage(): { set(key: string, text: string): void; close(): void } {
  const texts = new Map<string, string>()
  const before = Object.getOwnPropertyDescriptor(globalThis, 'localStorage')
  const value: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> = {
    getItem: (key) => texts.get(key) ?? null,
    setItem: (key, text) => void texts.set(key, text),
    removeItem: (key) => void texts.delete(key),
  }
  Object.defineProperty(globalThis, 'localStorage', { value, configurable: true, writable: true })
  return {
    set: (key, text) => void texts.set(key, text),
    close: () => {
      if (before) Object.defineProperty(globalThis, 'localStorage', before)
      else Reflect.deleteProperty(globalThis, 'localStorage')
    },
  }
}
