// A lock file that names its owner, so that a second copy can say who holds it and a dead owner's lock is no obstacle.
import { existsSync, linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { SetupError } from './say.mjs'

/** Thrown when a living process holds the lock. */
export class LockedError extends SetupError {
  constructor(path, owner) {
    super(`${path} is held by process ${owner.pid}.`)
    this.name = 'LockedError'
    this.owner = owner
  }
}

/** Takes the lock, waiting up to `waitMs` for a living owner to let go. `facts` are kept in the file beside the pid. */
export async function takeLock(path, { waitMs = 0, facts = {} } = {}) {
  mkdirSync(dirname(path), { recursive: true })
  const deadline = Date.now() + waitMs
  for (;;) {
    if (tryWrite(path, { pid: process.pid, ...processIdentity(process.pid), ...facts }))
      return { release: () => release(path) }
    const owner = readOwner(path)
    if (owner === undefined) continue
    if (!isAlive(owner)) {
      rm(path)
      continue
    }
    if (Date.now() >= deadline) throw new LockedError(path, owner)
    await sleep(200)
  }
}

/** Written whole under another name, then linked: nobody ever reads half an owner. */
function tryWrite(path, owner) {
  const draft = `${path}.${process.pid}`
  writeFileSync(draft, JSON.stringify(owner))
  try {
    linkSync(draft, path)
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  } finally {
    unlinkSync(draft)
  }
}

/** The owner; undefined when the file has just gone. */
function readOwner(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    // Not ours, or the disk's fault: nobody holds it.
    if (error instanceof SyntaxError) return { pid: 0 }
    throw error
  }
}

function isAlive({ pid, startedAtTick }) {
  if (!(pid > 0)) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (error.code !== 'EPERM') return false
  }
  // Process ids are used again; the same id with another start time is somebody else.
  const now = processIdentity(pid).startedAtTick
  return startedAtTick === undefined || now === undefined || now === startedAtTick
}

/** Linux: the tick a process started at, field 22 of /proc/PID/stat. Elsewhere unknown. */
function processIdentity(pid) {
  const path = `/proc/${pid}/stat`
  if (!existsSync(path)) return {}
  const fields = readFileSync(path, 'utf8').split(') ').at(-1).split(' ')
  return { startedAtTick: fields[19] }
}

function release(path) {
  if (readOwner(path)?.pid === process.pid) rm(path)
}

function rm(path) {
  try {
    unlinkSync(path)
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
}
