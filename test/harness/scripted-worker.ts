// A worker that does as it is told: real gateway calls, real PUTs, pictures of one colour. No diffusion, no ONNX.
import { createHash, randomUUID } from 'node:crypto'
import sharp from 'sharp'
import type { Job } from '#contracts/worker-protocol.ts'
import { writeRecipe } from '#recipes/metadata/write-recipe.ts'
import type { TestServer } from './server.ts'

export interface ScriptedWorker {
  readonly id: string
  readonly api: ReturnType<TestServer['as']>['worker']
  hello(): Promise<{ heartbeatEveryMs: number }>
  claim(max?: number, waitMs?: number): Promise<Job[]>
  claimOne(): Promise<Job>
  /** Reports step by step until done or told to stop. */
  run(job: Job, steps?: number): Promise<{ stopped: boolean }>
  /** PUTs a picture and completes. */
  finish(job: Job): Promise<{ sha256: string }>
  upload(job: Job, png: Uint8Array<ArrayBuffer>): Promise<Response>
}

export async function scriptedWorker(server: TestServer, token = server.env.WORKER_TOKEN): Promise<ScriptedWorker> {
  const id = randomUUID()
  const api = server.as(new Headers({ authorization: `Bearer ${token}` })).worker
  const { model } = server
  const claim = async (max = 1, waitMs = 30_000) => (await api.claim({ workerId: id, max, waitMs })).jobs
  const upload = async (job: Job, png: Uint8Array<ArrayBuffer>) => {
    const ticket = await api.presign({ ...ref(job), sizeBytes: png.length, sha256: sha256(png) })
    const headers = new Headers(ticket.headers)
    headers.delete('content-length')
    return fetch(ticket.url, { method: 'PUT', body: png, headers })
  }
  return {
    id,
    api,
    claim,
    upload,
    hello: () => api.hello({ workerId: id, provider: 'cpu', models: [{ id: model.id, hash: model.hash }] }),
    async claimOne() {
      const [job] = await claim()
      if (job === undefined) throw new Error('No job within 30 s')
      return job
    },
    async run(job, steps = job.recipe.steps) {
      for (let step = 1; step <= steps; step += 1) {
        const { stop } = await api.progress({ ...ref(job), step, steps, sigma: steps - step, preview: onePixel(step) })
        if (stop) return { stopped: true }
      }
      return { stopped: false }
    },
    async finish(job) {
      const { width, height, seed } = job.recipe
      const png = withRecipe(await plainPng(width, height, seed), job)
      const stored = await upload(job, png)
      if (!stored.ok) throw new Error(`The bucket answered ${stored.status}: ${await stored.text()}`)
      const facts = { sha256: sha256(png), sizeBytes: png.length, width, height, thumbhash: 'AAAA', durationMs: 5 }
      await api.complete({ ...ref(job), ...facts })
      return { sha256: facts.sha256 }
    },
  }
}

export const ref = ({ jobId, attempt, workerId }: Job) => ({ jobId, attempt, workerId })

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

const onePixel = (step: number) => ({ width: 1, height: 1, rgb: Buffer.from([step, step, step]).toString('base64') })

/** As a real worker's picture carries it. */
export const withRecipe = (png: Uint8Array, { recipe }: Job): Uint8Array<ArrayBuffer> =>
  writeRecipe(png, recipe, { modelName: recipe.model.id, version: 'Dewpoint test' })

/** The same seed gives the same bytes, as a real worker's would. */
export async function plainPng(width: number, height: number, seed: number): Promise<Uint8Array<ArrayBuffer>> {
  const background = { r: seed % 256, g: (seed >> 8) % 256, b: (seed >> 16) % 256 }
  const png = await sharp({ create: { width, height, channels: 3, background } })
    .png()
    .toBuffer()
  return new Uint8Array(png)
}
