// `npm run check`: format, lint (no warnings, layer rule included), types, unit tests. What every commit should pass.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { install } from './lib/install.mjs'
import { checkThisNode, projectNode, ROOT } from './lib/node.mjs'
import { buildEngine, generateDatabaseClient } from './lib/prepare.mjs'
import { runMain, SetupError, say } from './lib/say.mjs'

const inPackages = (...path) => join(ROOT, 'node_modules', ...path)

const CHECKS = [
  ['Format and lint', [inPackages('@biomejs/biome/bin/biome'), 'check', '--error-on-warnings', '.']],
  // Next writes the types of routes and of CSS imports; a fresh clone has none yet.
  ['Route types', [inPackages('next/dist/bin/next'), 'typegen']],
  ['Types', [inPackages('typescript/bin/tsc'), '--noEmit']],
  ['Unit tests', [inPackages('vitest/vitest.mjs'), 'run', '--project', 'unit']],
]

await runMain(async () => {
  checkThisNode()
  install()
  generateDatabaseClient()
  // Types of the addresses it writes.
  buildEngine()
  const failed = CHECKS.filter(([name, args]) => {
    const startedAt = Date.now()
    const { status } = spawnSync(projectNode(), args, {
      cwd: ROOT,
      stdio: 'inherit',
      // Tests that throw chance or size at the code go a tenth of the way here, and all of it in `npm test`.
      env: { TEST_EFFORT: '0.1', ...process.env, NEXT_TELEMETRY_DISABLED: '1' },
    })
    say(`${status === 0 ? 'passed' : 'FAILED'}: ${name} (${((Date.now() - startedAt) / 1000).toFixed(1)} s)`)
    return status !== 0
  })
  if (failed.length > 0) throw new SetupError(`Check failed: ${failed.map(([name]) => name).join(', ')}`)
})
