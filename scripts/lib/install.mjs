// Brings node_modules to what package-lock.json says. Reads npm's own record of what is installed, so a tree installed by
// hand counts too. Runs no package's install script (.npmrc): infra/embedded/postgres/postgres-binaries.ts links PostgreSQL's
// libraries, sharp and onnxruntime-node carry their binaries and are tried out below.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statfsSync } from 'node:fs'
import { arch, platform } from 'node:os'
import { join } from 'node:path'
import { projectNode, ROOT } from './node.mjs'
import { SetupError, say } from './say.mjs'

/** node_modules holds 1.6 GB, and npm unpacks before it moves. */
const INSTALL_SPACE_BYTES = 2.5e9

/** Installs what is missing; says nothing when nothing is. */
export function install() {
  if (!isInstalled()) {
    requireSpace(ROOT, INSTALL_SPACE_BYTES, 'to install its packages')
    say('Installing packages (once; a minute or two) …')
    npmCi()
  }
}

/** Whether every package of the lock file that belongs on this machine is there in its locked version. */
export function isInstalled(root = ROOT) {
  const wanted = readJson(join(root, 'package-lock.json')).packages
  const present = readRecord(join(root, 'node_modules', '.package-lock.json'))
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '' || entry.link) return true
    const found = present[path]
    // npm leaves out optional packages built for other machines.
    if (found === undefined) return entry.optional === true && !isForThisMachine(entry)
    return found.version === entry.version && existsSync(join(root, path, 'package.json'))
  })
}

/** What npm says it installed; nothing where it was stopped before it could say so, or in the middle of it. */
function readRecord(path) {
  try {
    return readJson(path).packages ?? {}
  } catch (error) {
    if (error.code === 'ENOENT' || error instanceof SyntaxError) return {}
    throw error
  }
}

function isForThisMachine(entry) {
  const fits = (field, value) => {
    if (field === undefined) return true
    const list = [field].flat()
    return list.includes(value) || (list.some((item) => item.startsWith('!')) && !list.includes(`!${value}`))
  }
  // A package that names a C library is judged by npm alone: which one runs here is not known without help.
  return fits(entry.os, platform()) && fits(entry.cpu, arch()) && entry.libc === undefined && entry.os !== undefined
}

function npmCi() {
  // Under `npm start` npm says where it is; otherwise the one on PATH.
  const npmScript = process.env.npm_execpath
  const useScript = npmScript?.endsWith('.js') === true
  const result = spawnSync(
    useScript ? process.execPath : platform() === 'win32' ? 'npm.cmd' : 'npm',
    [...(useScript ? [npmScript] : []), 'ci', '--no-audit', '--no-fund', '--loglevel=error'],
    {
      cwd: ROOT,
      stdio: 'inherit',
      shell: !useScript && platform() === 'win32',
      env: { ...process.env, NODE_ENV: '' },
    },
  )
  if (result.error?.code === 'ENOENT')
    throw new SetupError('npm was not found. It comes with Node: https://nodejs.org.')
  if (result.status !== 0) {
    throw new SetupError(
      'npm ci failed; its message is above. Check the connection to the npm registry and run the command again.',
    )
  }
}

/** Proves, in the project's Node, that the native parts load; a broken one is better named here than met in a stack later. */
export function checkNativeParts() {
  for (const [name, need] of [
    ['sharp', 'picture files'],
    ['onnxruntime-node', 'the model'],
  ]) {
    const result = spawnSync(projectNode(), ['-e', `require(${JSON.stringify(name)})`], { cwd: ROOT, encoding: 'utf8' })
    if (result.status === 0) continue
    const reason = result.stderr.split('\n').find((line) => line.includes('Error')) ?? result.stderr
    throw new SetupError(
      `${name} (for ${need}) does not load on ${platform()} ${arch()}:\n${reason.trim()}\nRemove node_modules and run the command again.`,
    )
  }
}

export function requireSpace(path, bytes, purpose) {
  const { bavail, bsize } = statfsSync(path)
  const free = bavail * bsize
  if (free >= bytes) return
  const gigabytes = (value) => `${(value / 1e9).toFixed(1)} GB`
  throw new SetupError(
    `Dewpoint needs ${gigabytes(bytes)} of free disk space ${purpose}; ${path} has ${gigabytes(free)}.`,
  )
}

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'))
