// Settings of `npm start`, parsed once. What the website and the worker want is parsed by them (server/env.ts, gpu-worker/env.ts).
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { ROOT } from './node.mjs'
import { SetupError } from './say.mjs'

const schema = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535).default(3_000),
  /** Loopback unless asked: the embedded bucket, which browsers upload to, answers on loopback only. */
  HOST: z.string().min(1).default('127.0.0.1'),
  DATA_DIR: z.string().min(1).default('.data'),
  /** Workers on this machine. More than one pays off only with more than one GPU. 0: they run elsewhere. */
  WORKERS: z.coerce.number().int().min(0).max(16).default(1),
  DRAIN_TIMEOUT_MS: z.coerce.number().int().min(0).default(10_000),
})

export function readStartEnv() {
  const file = join(ROOT, '.env')
  // Settings of the shell win over those of the file.
  if (existsSync(file)) process.loadEnvFile(file)
  // A name without a value, as .env.example leaves them, means "not set".
  const given = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== ''))
  const parsed = schema.safeParse(given)
  if (!parsed.success) {
    const lines = parsed.error.issues.map(
      (issue) => `${issue.path.join('.')}: ${issue.message} (got ${JSON.stringify(given[String(issue.path[0])])})`,
    )
    throw new SetupError(`These settings are not usable:\n${lines.join('\n')}`)
  }
  return { ...parsed.data, DATA_DIR: resolve(ROOT, parsed.data.DATA_DIR), given }
}
