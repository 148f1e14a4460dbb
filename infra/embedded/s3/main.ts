// The embedded bucket as a process: reads its environment, serves until SIGTERM or SIGINT, tells its parent when it is ready.
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { pino } from 'pino'
import { z } from 'zod'
import { readEnv } from './env.ts'
import { startEmbeddedS3 } from './start-embedded-s3.ts'

/** For scripts and tests that run the endpoint within their own process. */
export { type EmbeddedS3, type EmbeddedS3Options, startEmbeddedS3 } from './start-embedded-s3.ts'

const log = pino({ name: 'embedded-s3' })

async function main(): Promise<void> {
  const env = readEnv()
  const endpoint = new URL(env.S3_ENDPOINT)
  const dir = path.resolve(env.DATA_DIR, 's3')
  const server = await startEmbeddedS3({
    dir,
    host: endpoint.hostname.replace(/^\[|\]$/g, ''),
    port: Number(endpoint.port === '' ? 80 : endpoint.port),
    region: env.S3_REGION,
    accessKeyId: env.S3_ACCESS_KEY_ID,
    secretAccessKey: env.S3_SECRET_ACCESS_KEY,
    corsOrigins: [
      `http://localhost:${env.PORT}`,
      `http://127.0.0.1:${env.PORT}`,
      ...(env.APP_URL === undefined ? [] : [new URL(env.APP_URL).origin]),
    ],
    onFailure: (error, request) => log.error({ err: error.cause ?? error, ...request }, 'request failed'),
  })
  if (env.S3_BUCKET !== undefined) await mkdir(path.join(dir, 'buckets', env.S3_BUCKET), { recursive: true })
  log.info({ url: server.url, dir }, 'ready')
  process.send?.({ ready: true, url: server.url })

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      void server.stop().then(() => process.exit(0))
    })
  }
}

/** What a person can act on; the stack only where the cause is not known. */
function explain(error: NodeJS.ErrnoException): string {
  if (error instanceof z.ZodError) return `The environment is not complete: ${z.prettifyError(error)}`
  if (error.code === 'EADDRINUSE') return `S3_ENDPOINT's port is taken; stop the other program or choose another port.`
  if (error.code === 'ENOSPC') return 'There is no room left on the disk.'
  return error instanceof RangeError ? error.message : (error.stack ?? error.message)
}

if (import.meta.main) {
  main().catch((error: NodeJS.ErrnoException) => {
    log.fatal(explain(error))
    process.exitCode = 1
  })
}
