// The image process: decodes ONE picture and ends. Started by sanitize-image.ts with an empty environment, so a file that
// takes it over or brings it down finds no secret, no other person's picture and no server.
import { writeFileSync } from 'node:fs'
import { restrictDecoders, runImageJob } from './decode.ts'
import type { ImageJob, ImageReply } from './messages.ts'

/** Twice what the worst honest file took: 40 megapixels of 4:4:4 AVIF peak at 0.81 GB, JPEG and WebP below 0.2 GB. */
const MEMORY_MAX_BYTES = 1.5 * 1024 ** 3
const MEMORY_CHECK_EVERY_MS = 20

const say = (reply: ImageReply, then?: () => void): void => {
  process.send?.(reply, undefined, undefined, then)
}

/** Decoding runs beside the event loop, so this watch goes on while it does. */
function watchMemory(): void {
  setInterval(() => {
    if (process.memoryUsage.rss() < MEMORY_MAX_BYTES) return
    const detail = `Decoding took more than ${MEMORY_MAX_BYTES} bytes of memory`
    say({ kind: 'refused', code: 'upload.too-large', detail }, () => process.kill(process.pid, 'SIGKILL'))
  }, MEMORY_CHECK_EVERY_MS)
  if (process.platform !== 'linux') return
  try {
    // Where memory runs out all the same, this process goes first and not the database.
    writeFileSync('/proc/self/oom_score_adj', '1000')
  } catch {
    // A sealed /proc: then the kernel chooses by size, as ever.
  }
}

restrictDecoders()
watchMemory()
process.once('message', (job: ImageJob) => {
  void runImageJob(job).then((reply) => say(reply, () => process.exit(0)))
})
process.once('disconnect', () => process.exit(1))
say({ kind: 'ready' })
