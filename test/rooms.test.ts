// A layer's folders, and the files beside them, are its rooms. Lint keeps files from importing each other in a circle; this keeps
// rooms from it, so that each can be read with only those below it in mind.
import { relative, sep } from 'node:path'
import { expect, it } from 'vitest'
import { readImports } from './harness/read-imports.ts'

const LAYERS = ['contracts', 'recipes', 'diffusion', 'gpu-worker', 'server', 'app', 'infra/embedded/s3']

it.each(LAYERS)('the rooms of %s import each other in no circle', (layer) => {
  const room = (path: string): string => relative(layer, path).split(sep)[0] ?? ''
  const arrows = new Map<string, Set<string>>()
  for (const [from, imports] of readImports(`${layer}/**/*.{ts,tsx}`)) {
    const inside = imports.filter((to) => to.startsWith(`${layer}/`) && !to.includes('/generated/')).map(room)
    arrows.set(room(from), new Set([...(arrows.get(room(from)) ?? []), ...inside]))
  }
  expect(arrows.size).toBeGreaterThan(1)
  const below = (start: string): Set<string> => {
    const met = new Set<string>()
    const visit = (name: string): void => {
      for (const next of arrows.get(name) ?? []) {
        if (next !== name && !met.has(next)) {
          met.add(next)
          visit(next)
        }
      }
    }
    visit(start)
    return met
  }
  expect([...arrows.keys()].filter((name) => below(name).has(name))).toEqual([])
})
