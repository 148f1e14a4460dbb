// Every key S3 allows has a path of its own inside the bucket's folder, on any file system; and the folder tells the key back.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { keyToPath } from '#infra/embedded/s3/disk/key-path.ts'
import { listKeys } from '#infra/embedded/s3/disk/list-keys.ts'

const ROOT = path.resolve('/bucket')
/** Any text of at most 1,024 UTF-8 bytes, leaning on what makes trouble. */
const key = fc
  .oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 200 }),
    fc
      .array(
        fc.constantFrom('.', '..', '', 'a', 'A', 'o.a', 'd.a', 'c.a', '%2f', '\\', '\0', 'é', 'n'.repeat(200), '/'),
        {
          minLength: 1,
          maxLength: 6,
        },
      )
      .map((parts) => parts.join('/')),
  )
  .filter((text) => text !== '' && text.isWellFormed() && Buffer.byteLength(text) <= 1_024)

test('a key stays below its bucket, in names every file system takes', () => {
  fc.assert(
    fc.property(key, (text) => {
      const file = keyToPath(ROOT, text)
      expect(file.startsWith(ROOT + path.sep)).toBe(true)
      expect(path.resolve(file)).toBe(file)
      for (const name of path.relative(ROOT, file).split(path.sep)) {
        // Prefix, then characters no file system folds, forbids or drops, and no dot at the end.
        expect(name).toMatch(/^[ocd]\.(?:[a-z0-9_.%-]*[a-z0-9_%-])?$/)
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255)
      }
      expect(file.length).toBeLessThan(ROOT.length + 3_300)
    }),
    { numRuns: 1_000 },
  )
})

test('two keys never share a path, nor is one key’s file another’s folder', () => {
  fc.assert(
    fc.property(key, key, (one, other) => {
      fc.pre(one !== other)
      const [a, b] = [keyToPath(ROOT, one), keyToPath(ROOT, other)]
      expect(a.toLowerCase()).not.toBe(b.toLowerCase())
      expect(b.startsWith(a + path.sep)).toBe(false)
    }),
    { numRuns: 1_000 },
  )
})

test('listing a bucket tells every key back, in UTF-8 byte order, from any starting point and for any prefix', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(key, { minLength: 1, maxLength: 12 }),
      fc.nat(),
      fc.nat(),
      async (keys, start, cut) => {
        const root = await mkdtemp(path.join(tmpdir(), 'dewpoint-keys-'))
        try {
          for (const text of keys) {
            const file = keyToPath(root, text)
            await mkdir(path.dirname(file), { recursive: true })
            await writeFile(file, '')
          }
          const inOrder = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
          const after = inOrder[start % inOrder.length] ?? ''
          const some = inOrder[cut % inOrder.length] ?? ''
          const prefix = [...some].slice(0, cut % 5).join('')
          expect(await collect(root, '', '')).toEqual(inOrder)
          expect(await collect(root, '', after)).toEqual(inOrder.slice(inOrder.indexOf(after) + 1))
          expect(await collect(root, prefix, '')).toEqual(inOrder.filter((text) => text.startsWith(prefix)))
        } finally {
          await rm(root, { recursive: true, force: true })
        }
      },
    ),
    { numRuns: 60 },
  )
}, 30_000)

async function collect(root: string, prefix: string, after: string): Promise<string[]> {
  const keys: string[] = []
  for await (const entry of listKeys(root, { prefix, after })) keys.push(entry.key)
  return keys
}

test('foreign files in a bucket are not listed', async () => {
  const root = await mkdtemp(path.join(tmpdir(), 'dewpoint-keys-'))
  for (const name of ['.DS_Store', 'o.ok', 'o.%zz', 'O.upper', 'x.other']) await writeFile(path.join(root, name), '')
  expect(await collect(root, '', '')).toEqual(['ok'])
  await rm(root, { recursive: true, force: true })
})
