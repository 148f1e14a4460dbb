// The embedded bucket as its own process, to be killed, stopped and starved.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createStorage, type Storage } from '#server/storage/index.ts'

export interface EmbeddedProcess {
  readonly url: string
  readonly storage: Storage
  kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null>
}

export const KEYS = { accessKeyId: 'FAULTKEY', secretAccessKey: 'faultfaultfault' }
export const BUCKET = 'faults'
const MAIN = path.resolve('infra/embedded/s3/main.ts')

/** `limitKiB`: no file of the process may grow past it (RLIMIT_FSIZE), the portable way to a disk that is full. */
export async function startProcess(dir: string, port: number, limitKiB?: number): Promise<EmbeddedProcess> {
  const env = {
    PATH: process.env.PATH,
    DATA_DIR: dir,
    S3_ENDPOINT: `http://127.0.0.1:${port}`,
    S3_BUCKET: BUCKET,
    S3_ACCESS_KEY_ID: KEYS.accessKeyId,
    S3_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
  }
  const limit = limitKiB === undefined ? '' : `ulimit -f ${limitKiB}; `
  const child = spawn('bash', ['-c', `${limit}exec "$0" "$1"`, process.execPath, MAIN], {
    env: env as unknown as NodeJS.ProcessEnv,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  const url = await ready(child)
  const storage = createStorage({
    endpoint: url,
    region: 'us-east-1',
    bucket: BUCKET,
    ...KEYS,
    forcePathStyle: true,
    maxAttempts: 1,
  })
  return {
    url,
    storage,
    async kill(signal) {
      storage.dispose()
      const ended = once(child, 'exit')
      child.kill(signal)
      return (await ended)[0] as number | null
    },
  }
}

function ready(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let stderr = ''
    child.stderr?.on('data', (text) => {
      stderr += text
    })
    child.once('message', (message: { url: string }) => resolve(message.url))
    child.once('exit', (code) => reject(new Error(`The endpoint ended with ${code}: ${stderr}`)))
  })
}
