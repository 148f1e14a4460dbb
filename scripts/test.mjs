// `npm test`: everything, real PostgreSQL, bucket and browser included. Arguments go to Vitest. The last line counts the tests.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { checkNativeParts, install } from './lib/install.mjs'
import { checkThisNode, projectNode, ROOT } from './lib/node.mjs'
import { buildWebsite, generateDatabaseClient } from './lib/prepare.mjs'
import { runMain } from './lib/say.mjs'

await runMain(async () => {
  checkThisNode()
  install()
  checkNativeParts()
  generateDatabaseClient()
  const args = process.argv.slice(2)
  // The end-to-end tests drive the built website; one build serves them all.
  if (args.length === 0 || args.includes('e2e')) await buildWebsite()
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs')
  const { status } = spawnSync(projectNode(), [vitest, 'run', ...args], { cwd: ROOT, stdio: 'inherit' })
  process.exitCode = status ?? 1
})
