// gpu-worker/main.ts as a process of its own, as an operator would run it.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

export interface RealWorker {
  readonly process: ChildProcess
  /** What it has logged so far. */
  log(): string
  /** Resolves when a log line contains `text`. */
  logged(text: string): Promise<void>
  /** Resolves with exit code or signal. */
  readonly ended: Promise<number | NodeJS.Signals | null>
  kill(signal: NodeJS.Signals): void
}

const MAIN = fileURLToPath(new URL('../../gpu-worker/main.ts', import.meta.url))

/** Starts a worker; `ready: false` does not wait until the website knows it. */
export async function startRealWorker(env: Record<string, string>, { ready = true } = {}): Promise<RealWorker> {
  const child = spawn(process.execPath, [MAIN], {
    env: { PATH: process.env.PATH, NODE_ENV: 'production', WORKER_THREADS: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
  }
  const ended = once(child, 'exit').then(([code, signal]): number | NodeJS.Signals | null => signal ?? code)
  const worker: RealWorker = {
    process: child,
    log: () => text,
    async logged(wanted) {
      while (!text.includes(wanted)) {
        const stop = await Promise.race([ended.then(() => true), sleep(20, false)])
        if (stop && !text.includes(wanted)) throw new Error(`The worker ended without logging ${wanted}:\n${text}`)
      }
    },
    ended,
    kill: (signal) => void child.kill(signal),
  }
  if (ready) await worker.logged('"msg":"ready"')
  return worker
}
