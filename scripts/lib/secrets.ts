// Secrets of a local installation: drawn once, kept in DATA_DIR where only their owner may read them.
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { SetupError } from './say.mjs'

const secretsSchema = z.strictObject({
  AUTH_SECRET: z.string().min(32),
  WORKER_TOKEN: z.string().min(32),
  S3_ACCESS_KEY_ID: z.string().min(16),
  S3_SECRET_ACCESS_KEY: z.string().min(32),
})
export type Secrets = z.infer<typeof secretsSchema>

export function localSecrets(dataDir: string): Secrets {
  const path = join(dataDir, 'secrets.json')
  if (existsSync(path)) return readSecrets(path)
  const secrets: Secrets = {
    AUTH_SECRET: randomBytes(32).toString('base64url'),
    WORKER_TOKEN: randomBytes(32).toString('base64url'),
    S3_ACCESS_KEY_ID: randomBytes(10).toString('hex').toUpperCase(),
    S3_SECRET_ACCESS_KEY: randomBytes(30).toString('base64url'),
  }
  writeFileSync(path, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 })
  return secrets
}

function readSecrets(path: string): Secrets {
  try {
    return secretsSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch (cause) {
    if (cause instanceof SyntaxError || cause instanceof z.ZodError)
      throw new SetupError(
        `${path} is damaged. Put it back from a copy; without one, remove it: everybody has to sign in again then.`,
        { cause },
      )
    throw cause
  }
}
