// A use case is what a procedure, a route or the clock calls. What two of them share has a file of its own beside them, so that
// whoever changes one need not read another.
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect, it } from 'vitest'

const CALLERS = ['server/trpc/routers/**', 'server/http/**', 'server/upkeep.ts']
/** Answers to HTTP call one another; they are no use cases. */
const NO_ROOMS = /^server\/(?:trpc|http|db)\//

const sources = new Map(globSync('server/**/*.ts').map((path) => [path, readFileSync(path, 'utf8')]))

const importsOf = (path: string): string[] =>
  [...(sources.get(path) ?? '').matchAll(/from '(\.[^']+)'/g)].map(([, to]) => normalize(join(dirname(path), to ?? '')))

const isUseCase = (path: string): boolean =>
  !NO_ROOMS.test(path) && /\/[a-z]+\/[^/]+$/.test(path) && /^export (?:async )?function/m.test(sources.get(path) ?? '')

it('no use case imports another', () => {
  const useCases = new Set(globSync(CALLERS).flatMap(importsOf).filter(isUseCase))
  expect(useCases).toContain('server/generations/create-generation.ts')
  const arrows = [...useCases].flatMap((from) =>
    importsOf(from)
      .filter((to) => useCases.has(to))
      .map((to) => `${from} -> ${to}`),
  )
  expect(arrows).toEqual([])
})
