// `npm start`: from a fresh clone to a page that generates. This file runs on whatever Node there is and brings the packages;
// start-services.ts, on the project's Node, does the rest.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { install } from './lib/install.mjs'
import { checkThisNode, isProjectNode, projectNode, ROOT } from './lib/node.mjs'
import { runMain } from './lib/say.mjs'

/** Asking for a number the kernel keeps costs nothing. */
const PARENT_CHECK_EVERY_MS = 500
const startedAtMs = Date.now()
const services = join(ROOT, 'scripts', 'start-services.ts')

await runMain(async () => {
  checkThisNode()
  install()
  endWithNpm()
  if (isProjectNode()) {
    const { startServices } = await import('./start-services.ts')
    await startServices(startedAtMs)
  } else {
    await runInProjectNode()
  }
})

/** npm passes a signal sent to it alone on to its shell and not to us; when that shell is gone, so is our reason to run. */
function endWithNpm() {
  const parent = process.ppid
  if (process.env.npm_lifecycle_event === undefined) return
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    process.kill(process.pid, 'SIGTERM')
  }, PARENT_CHECK_EVERY_MS)
  watch.unref()
}

function runInProjectNode() {
  return new Promise((resolve, reject) => {
    const child = spawn(
      projectNode(),
      ['--import', join(ROOT, 'scripts/lib/end-with-parent.mjs'), services, String(startedAtMs)],
      {
        cwd: ROOT,
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
        // Its own group, so that one Ctrl-C arrives once: through us.
        detached: process.platform !== 'win32',
      },
    )
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
    child.once('error', reject)
    child.once('exit', (code) => {
      process.exitCode = code ?? 1
      resolve()
    })
  })
}
