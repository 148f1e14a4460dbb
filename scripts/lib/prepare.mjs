// What has to be made from the sources before anything runs: the database client and the built website.
// Each is made again only when the files it comes from changed.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { contentHash } from './content-hash.mjs'
import { takeLock } from './lock.mjs'
import { projectNode, ROOT } from './node.mjs'
import { SetupError, say } from './say.mjs'

const PRISMA_SOURCES = ['prisma/schema.prisma', 'prisma.config.ts', 'node_modules/prisma/package.json']
const PRISMA_RECORD = join(ROOT, 'node_modules', '.cache', 'dewpoint', 'prisma-client.json')

/** Everything a page may be made of. The lock file stands for the packages. */
const WEB_SOURCES = [
  'app',
  'contracts',
  'recipes',
  'diffusion',
  'server',
  'public',
  'prisma/schema.prisma',
  'next.config.ts',
  'postcss.config.mjs',
  'proxy.ts',
  'instrumentation.ts',
  'scripts/build-engine.ts',
  'tsconfig.json',
  'package.json',
  'package-lock.json',
]
/** A dead builder's lock holds nobody up; a living one takes 20 s, and minutes on a busy machine. */
const BUILD_WAIT_MS = 1_800_000
const BUILD_RECORD = join(ROOT, '.next', 'dewpoint-build.json')

/** Writes server/db/generated from the schema. */
export function generateDatabaseClient() {
  const sources = contentHash(ROOT, PRISMA_SOURCES)
  if (readRecord(PRISMA_RECORD) === sources && existsSync(join(ROOT, 'server', 'db', 'generated'))) return
  const result = spawnSync(projectNode(), [join(ROOT, 'node_modules', 'prisma', 'build', 'index.js'), 'generate'], {
    cwd: ROOT,
    encoding: 'utf8',
    env: {
      ...process.env,
      // `generate` insists on a schema engine it never runs, and would download it; any program that exits 0 will do.
      PRISMA_SCHEMA_ENGINE_BINARY: '/bin/true',
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
    },
  })
  if (result.status !== 0)
    throw new SetupError(`Generating the database client failed:\n${result.stdout}${result.stderr}`)
  writeRecord(PRISMA_RECORD, sources)
}

/** Writes .engine/ and app/device/engine/generated from app/device, contracts, recipes, diffusion and the ORT package. */
export function buildEngine() {
  const result = spawnSync(projectNode(), [join(ROOT, 'scripts', 'build-engine.ts')], { cwd: ROOT, encoding: 'utf8' })
  if (result.status !== 0) throw new SetupError(`Building the browser engine failed:\n${result.stdout}${result.stderr}`)
}

/** Builds the website when its sources changed since the last build; writes nothing when they did not. Resolves to whether it had to. */
export async function buildWebsite({ quiet = false } = {}) {
  if (isBuilt()) return false
  // Two commands at once (a test run beside a start) share one build folder: the second waits and finds it done.
  const lock = await takeLock(join(ROOT, 'node_modules', '.cache', 'dewpoint', 'build.lock'), { waitMs: BUILD_WAIT_MS })
  try {
    if (isBuilt()) return false
    if (!quiet) say('Building the website (once per change) …')
    buildEngine()
    // Of before: what is edited meanwhile is in the next build.
    const sources = webSources()
    const { status, output } = await runNextBuild()
    if (status !== 0) throw new SetupError(`Building the website failed:\n${output}`)
    writeRecord(BUILD_RECORD, sources)
    return true
  } finally {
    lock.release()
  }
}

const isBuilt = () =>
  existsSync(join(ROOT, '.next', 'BUILD_ID')) &&
  existsSync(join(ROOT, '.engine')) &&
  readRecord(BUILD_RECORD) === webSources()

const webSources = () => contentHash(ROOT, WEB_SOURCES, (name) => name.startsWith(join('server', 'db', 'generated')))

function runNextBuild() {
  return new Promise((resolve, reject) => {
    const child = spawn(projectNode(), [join(ROOT, 'node_modules', 'next', 'dist', 'bin', 'next'), 'build'], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' },
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
    child.once('error', reject)
    child.once('exit', (status) => resolve({ status, output }))
  })
}

const readRecord = (path) => (existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).sources : undefined)

function writeRecord(path, sources) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, JSON.stringify({ sources }))
}
