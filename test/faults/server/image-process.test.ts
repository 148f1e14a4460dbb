// The image process dies, and the server only hears of it. Linux: it finds the process through /proc.
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { sanitizeImage } from '#server/images/sanitize-image.ts'

/** Ids of this process's children that decode pictures. */
function imageProcesses(): number[] {
  return readdirSync('/proc/self/task')
    .flatMap((thread) => readFileSync(`/proc/self/task/${thread}/children`, 'utf8').split(' '))
    .filter((pid) => pid !== '' && readFile(`/proc/${pid}/cmdline`).includes('image-process/main.ts'))
    .map(Number)
}

function readFile(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    // Ended between the two looks.
    return ''
  }
}

/** Node and sharp together take less; above it, a picture is being decoded. */
const DECODING_RSS_KB = 170_000
const rssKb = (pid: number) => Number(/VmRSS:\s+(\d+)/.exec(readFile(`/proc/${pid}/status`))?.[1] ?? 0)

/** 40 megapixels of AVIF: seconds of decoding, in a small file. */
const slowFile = () =>
  sharp({ create: { width: 7_300, height: 5_400, channels: 3, background: '#345' } })
    .avif({ effort: 0 })
    .toBuffer()

async function decoding(): Promise<number> {
  const started = performance.now()
  while (performance.now() - started < 30_000) {
    const pid = imageProcesses().find((candidate) => rssKb(candidate) > DECODING_RSS_KB)
    if (pid !== undefined) return pid
    await sleep(5)
  }
  throw new Error('No image process began to decode')
}

test.runIf(process.platform === 'linux')(
  'killed while it decodes: upload.unreadable, and the next picture is fine',
  async () => {
    const outcome = sanitizeImage(await slowFile()).catch((error: unknown) => error)
    process.kill(await decoding(), 'SIGKILL')
    expect(await outcome).toMatchObject({ code: 'upload.unreadable', detail: expect.stringContaining('SIGKILL') })
    const good = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#fff' } })
      .png()
      .toBuffer()
    expect(await sanitizeImage(good)).toMatchObject({ width: 8, height: 8 })
  },
)

test.runIf(process.platform === 'linux')('it is given no environment, and ends with its picture', async () => {
  const outcome = sanitizeImage(await slowFile())
  const pid = await decoding()
  const names = readFile(`/proc/${pid}/environ`)
    .split('\0')
    .map((line) => line.split('=')[0])
  expect(names.filter((name) => name !== '' && !name?.startsWith('NODE_CHANNEL'))).toEqual([])
  expect(readFile(`/proc/${pid}/oom_score_adj`).trim()).toBe('1000')
  await outcome
  await sleep(500)
  expect(imageProcesses()).toEqual([])
})
