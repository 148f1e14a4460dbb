// A use case is what a procedure, a route or the clock calls. What two of them share has a file of its own beside them, so that
// whoever changes one need not read another.
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { readImports } from '../harness/read-imports.ts'

const CALLER = /^server\/(?:trpc\/routers\/.*|http\/.*|upkeep)\.ts$/
/** They know of requests, or of rows alone. */
const NO_USE_CASES = /^server\/(?:trpc|http|db)\//

const imports = readImports('server/**/*.ts')

const isUseCase = (path: string): boolean =>
  !NO_USE_CASES.test(path) &&
  /\/[a-z-]+\/[^/]+$/.test(path) &&
  /^export (?:async )?function/m.test(imports.has(path) ? readFileSync(path, 'utf8') : '')

it('no use case imports another', () => {
  const called = [...imports].flatMap(([from, to]) => (CALLER.test(from) ? to : []))
  const useCases = new Set(called.filter(isUseCase))
  expect(useCases).toContain('server/generations/create-generation.ts')
  const arrows = [...useCases].flatMap((from) =>
    (imports.get(from) ?? []).filter((to) => useCases.has(to)).map((to) => `${from} -> ${to}`),
  )
  expect(arrows).toEqual([])
})
