// One long-running child process: its log file, its end, and how it is asked to stop.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openLogFile } from './log-file.ts'

export interface Child {
  readonly name: string
  readonly pid: number
  /** Resolves with what ended it; never rejects. */
  readonly ended: Promise<string>
  /** The last lines it wrote, for the person who has to find out why it ended. */
  tail(): string
  /** First message it sends over IPC; rejects when it ends before. */
  ready(): Promise<void>
  /** SIGTERM, and SIGKILL after `graceMs`. */
  stop(graceMs: number): Promise<void>
  kill(signal: NodeJS.Signals): void
}

export interface ChildOptions {
  readonly name: string
  /** Arguments of this very Node. */
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly logPath: string
}

/** Lines of a child's output kept in memory. */
const TAIL_LINES = 30

export function startChild({ name, args, cwd, env, logPath }: ChildOptions): Child {
  const child = spawn(process.execPath, [...args], {
    cwd,
    env: env as NodeJS.ProcessEnv,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // A group of its own: Ctrl-C in the terminal reaches the launcher alone, which stops everything in order.
    detached: process.platform !== 'win32',
  })
  const tail = keepLog(child, logPath)
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`could not start: ${error.message}`))
    child.once('exit', (code, signal) =>
      resolve(signal === null ? `ended with code ${code}` : `was ended by ${signal}`),
    )
  })
  const firstMessage = once(child, 'message')
  firstMessage.catch(() => undefined)
  return {
    name,
    pid: child.pid ?? 0,
    ended,
    tail,
    ready: () =>
      Promise.race([
        firstMessage.then(() => undefined),
        ended.then((how) => {
          throw new Error(`${name} ${how} before it was ready:\n${tail()}`)
        }),
      ]),
    async stop(graceMs) {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      const force = setTimeout(() => child.kill('SIGKILL'), graceMs)
      await ended
      clearTimeout(force)
    },
    kill: (signal) => void child.kill(signal),
  }
}

function keepLog(child: ChildProcess, logPath: string): () => string {
  const log = openLogFile(logPath)
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text = (text + chunk).split('\n').slice(-TAIL_LINES).join('\n')
      log.write(chunk)
    })
  }
  child.once('close', () => log.end())
  return () => text.trim()
}
