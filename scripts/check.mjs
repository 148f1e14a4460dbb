// `npm run check`: format, lint (no warnings, layer rule included), types, unit tests; Python's format and lint where ruff is
// installed. What every commit should pass.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { install } from './lib/install.mjs'
import { checkThisNode, projectNode, ROOT } from './lib/node.mjs'
import { buildEngine, generateDatabaseClient } from './lib/prepare.mjs'
import { findRuff } from './lib/ruff.mjs'
import { runMain, SetupError, say } from './lib/say.mjs'

const inPackages = (...path) => join(ROOT, 'node_modules', ...path)

const onNode = (...args) => [projectNode(), args]

function checks() {
  const { pinned, command: ruff } = findRuff()
  if (ruff === undefined)
    say(`left out: format and lint of Python, for there is no ruff ${pinned} (scripts/test-training.sh installs it)`)
  return [
    ['Format and lint', onNode(inPackages('@biomejs/biome/bin/biome'), 'check', '--error-on-warnings', '.')],
    ...(ruff === undefined
      ? []
      : [
          ['Python: lint', [ruff, ['check', '.']]],
          ['Python: format', [ruff, ['format', '--check', '.']]],
        ]),
    // Next writes the types of routes and of CSS imports; a fresh clone has none yet.
    ['Route types', onNode(inPackages('next/dist/bin/next'), 'typegen')],
    ['Types', onNode(inPackages('typescript/bin/tsc'), '--noEmit')],
    ['Unit tests', onNode(inPackages('vitest/vitest.mjs'), 'run', '--project', 'unit')],
  ]
}

await runMain(async () => {
  checkThisNode()
  install()
  generateDatabaseClient()
  // Types of the addresses it writes.
  buildEngine()
  const failed = checks().filter(([name, [command, args]]) => {
    const startedAt = Date.now()
    const { status } = spawnSync(command, args, {
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
