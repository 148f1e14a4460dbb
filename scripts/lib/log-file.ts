// A log file that does not fill the disk: at its limit it is put aside and a new one begun, and only so many are kept. Only its owner may
// read them.
import { createWriteStream, existsSync, fchmodSync, fstatSync, openSync, renameSync, type WriteStream } from 'node:fs'

export interface LogFile {
  write(text: string): void
  end(): void
}

export interface LogFileOptions {
  readonly maxBytes?: number
  /** Files put aside: `<path>.1` is the latest. */
  readonly kept?: number
}

export function openLogFile(path: string, { maxBytes = 10_000_000, kept = 3 }: LogFileOptions = {}): LogFile {
  let sizeBytes = 0
  let stream = open()

  /** undefined where there is none to be had: a full disk must not end whoever logs. */
  function open(): WriteStream | undefined {
    try {
      const fd = openSync(path, 'a', 0o600)
      // Of a version that let others read it.
      fchmodSync(fd, 0o600)
      sizeBytes = fstatSync(fd).size
      const opened = createWriteStream(path, { fd })
      opened.on('error', () => undefined)
      return opened
    } catch {
      return undefined
    }
  }

  function putAside(): void {
    stream?.end()
    try {
      for (let at = kept; at >= 1; at -= 1) {
        const from = at === 1 ? path : `${path}.${at - 1}`
        if (existsSync(from)) renameSync(from, `${path}.${at}`)
      }
    } catch {
      // Where files cannot be renamed, a long log is better than none.
    }
    stream = open()
  }

  return {
    write(text) {
      const bytes = Buffer.from(text)
      if (sizeBytes > 0 && sizeBytes + bytes.length > maxBytes) putAside()
      sizeBytes += bytes.length
      stream?.write(bytes)
    },
    end() {
      stream?.end()
      stream = undefined
    },
  }
}
