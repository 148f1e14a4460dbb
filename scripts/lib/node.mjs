// Which Node runs what: these commands run on any Node from 20.9, the project itself on Node 24, which strips types natively.
import { existsSync } from 'node:fs'
import { arch, platform } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SetupError } from './say.mjs'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '')

/** 20.9 is the oldest Node whose npm and Web APIs these commands were tried on. */
const OLDEST = [20, 9]
/** Type stripping without a flag, and the oldest version every dependency accepts. */
const PROJECT_MAJOR = 24

export function checkThisNode(version = process.versions.node) {
  const [major, minor] = version.split('.').map(Number)
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return
  throw new SetupError(
    `Dewpoint needs Node ${OLDEST.join('.')} or newer; this is Node ${version}. Get a newer one at https://nodejs.org.`,
  )
}

export const isProjectNode = () => Number(process.versions.node.split('.')[0]) >= PROJECT_MAJOR

/** Path of the Node that runs the project: this one when new enough, else the one npm brought along. */
export function projectNode() {
  if (isProjectNode()) return process.execPath
  const os = platform() === 'win32' ? 'win' : platform()
  const bundled = join(ROOT, 'node_modules', `node-${os}-${arch()}`, 'bin', os === 'win' ? 'node.exe' : 'node')
  if (existsSync(bundled)) return bundled
  throw new SetupError(
    `Dewpoint runs on Node ${PROJECT_MAJOR}; this is Node ${process.versions.node}, and npm brings no Node ${PROJECT_MAJOR} for ` +
      `${platform()} ${arch()}. Install Node ${PROJECT_MAJOR} or newer (https://nodejs.org) and run the command again.`,
  )
}
