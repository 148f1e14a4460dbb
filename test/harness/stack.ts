// The whole of Dewpoint for one test file or benchmark: database and bucket in a temporary folder, the website (which the caller has
// built), real workers. The same code as `npm start`.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Stack, startStack } from '../../scripts/lib/stack.ts'

export interface TestStack extends Stack {
  readonly dataDir: string
  /** Everything website and workers have logged, for failures. */
  logs(): Promise<string>
}

export interface TestStackOptions {
  readonly workers?: number
  readonly env?: Readonly<Record<string, string>>
}

export async function startTestStack({ workers = 1, env = {} }: TestStackOptions = {}): Promise<TestStack> {
  const dataDir = await mkdtemp(join(tmpdir(), 'dewpoint-stack-'))
  const ends: string[] = []
  const remove = () => rm(dataDir, { recursive: true, force: true })
  try {
    const stack = await startStack({
      dataDir,
      port: 0,
      host: '127.0.0.1',
      // Dozens of people sign up from one address here.
      env: { PATH: process.env.PATH, AUTH_RATE_LIMIT: 'off', WORKER_THREADS: '1', ...env },
      workers,
      drainTimeoutMs: 1_000,
      onNews: (news) => ends.push(news),
    })
    return {
      ...stack,
      dataDir,
      logs: async () => [...ends, await readFile(join(dataDir, 'logs', 'web.log'), 'utf8')].join('\n'),
      async stop() {
        await stack.stop()
        await remove()
      },
    }
  } catch (error) {
    await remove()
    throw error
  }
}
