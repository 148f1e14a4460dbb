// The share page brings its own style sheet, so its colours are written down a second time.
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { SHARE_STYLE } from '#app/share/share-style.ts'

const coloursOf = (css: string) =>
  new Map(
    Array.from(css.matchAll(/(--[\w-]+):\s*light-dark\(([^;]*)\)[;}]/g), ([, name, pair = '']) => [
      name,
      pair.replaceAll(' ', ''),
    ]),
  )

test('the share page has the colours of every other page', async () => {
  const pages = coloursOf(await readFile('app/globals.css', 'utf8'))
  const shared = coloursOf(SHARE_STYLE)
  expect(shared.size).toBeGreaterThan(5)
  for (const [name, pair] of shared) expect(pages.get(name), name).toBe(pair)
})
