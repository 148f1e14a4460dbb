// `npm run generate|worker|bench`: runs one TypeScript file of the project on the project's Node, packages brought first.
import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { install } from './lib/install.mjs'
import { checkThisNode, isProjectNode, projectNode, ROOT } from './lib/node.mjs'
import { generateDatabaseClient } from './lib/prepare.mjs'
import { runMain } from './lib/say.mjs'

await runMain(async () => {
  checkThisNode()
  install()
  const [file, ...args] = process.argv.slice(2)
  // npm changes to the project's folder; files people name are meant from where they stand.
  if (process.env.npm_lifecycle_script?.includes('scripts/run.mjs') && process.env.INIT_CWD)
    process.chdir(process.env.INIT_CWD)
  const script = resolve(ROOT, file)
  // Benchmarks talk to the database; the worker and the command line do not.
  if (file.startsWith('test/')) generateDatabaseClient()
  if (isProjectNode()) {
    process.argv = [process.execPath, script, ...args]
    await import(pathToFileURL(script).href)
    return
  }
  const child = spawn(projectNode(), [script, ...args], { stdio: 'inherit' })
  // The terminal sends Ctrl-C to the child as well; we only have to outlive it.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
  process.exitCode = await new Promise((done, failed) => {
    child.once('error', failed)
    child.once('exit', (code, signal) => done(code ?? (signal === 'SIGINT' ? 130 : 1)))
  })
})
