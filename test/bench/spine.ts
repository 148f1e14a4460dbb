// The main job's numbers: what Dewpoint adds around the model, what generating does to the pages, how soon work starts, how
// fast a link shows its card, and how long a person waits from `npm start` to a picture.
// Options: --no-start leaves out the fresh clone, which takes minutes; --only NAME runs one part.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import autocannon from 'autocannon'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import pg from 'pg'
import { guestClient, waitUntilDone } from '#test/harness/api-client.ts'
import { startTestStack, type TestStack } from '#test/harness/stack.ts'
import { freePort } from '../../scripts/lib/free-port.ts'
import { ROOT } from '../../scripts/lib/node.mjs'
import { buildWebsite } from '../../scripts/lib/prepare.mjs'
import { type Benchmark, type Row, row } from './measure.ts'

const run = promisify(execFile)
const PROMPT = 'a panda eating tacos at the beach'
const MODEL = 'dewpoint'
const STEPS = 25

const PARTS: Record<string, () => Promise<Row[]>> = { cli: cliOverhead, stack: runningStack, start: startToPicture }

const spine: Benchmark = async (options) => {
  const only = options[options.indexOf('--only') + 1]
  const rows: Row[] = []
  for (const [name, part] of Object.entries(PARTS)) {
    if (options.includes('--only') && only !== name) continue
    if (name === 'start' && options.includes('--no-start')) continue
    rows.push(...(await part()))
  }
  return rows
}
export default spine

/** Prompt → bytes through the command line, against the same graphs run bare, in turns. */
async function cliOverhead(): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'dewpoint-bench-'))
  const through: number[] = []
  const bare: number[] = []
  const added: number[] = []
  try {
    for (let round = 0; round < 7; round++) {
      bare.push(await bareGraphsMs())
      const { stdout } = await run(process.execPath, [
        join(ROOT, 'gpu-worker/cli/generate.ts'),
        ...[
          PROMPT,
          '--model',
          MODEL,
          '--seed',
          '7',
          '--steps',
          String(STEPS),
          '--json',
          '--force',
          '--out',
          join(folder, 'p.png'),
        ],
      ])
      const report = JSON.parse(stdout)
      const graphsMs = Object.values(report.graphs as Record<string, { totalMs: number }>).reduce(
        (sum, { totalMs }) => sum + totalMs,
        0,
      )
      through.push(report.pictures[0].timings.totalMs)
      added.push(report.pictures[0].timings.totalMs / graphsMs)
    }
  } finally {
    await rm(folder, { recursive: true })
  }
  return [
    row({ what: `bare session.run, ${STEPS} steps`, values: bare, unit: 'ms' }),
    row({ what: `prompt → bytes through the CLI, ${STEPS} steps`, values: through, unit: 'ms' }),
    row({
      what: 'CLI over bare, peers in turns',
      values: through.map((ms, i) => ms / (bare[i] ?? ms)),
      unit: 'x',
      atMost: 1.1,
    }),
    row({ what: 'CLI over the time inside its own graphs', values: added, unit: 'x', atMost: 1.1 }),
  ]
}

/** The calls of one picture, nothing else: two encodings, STEPS guided U-Net calls, one decoding. */
async function bareGraphsMs(): Promise<number> {
  const options = { extra: { session: { intra_op: { allow_spinning: '0' } } } }
  const open = (path: string) => InferenceSession.create(join(ROOT, 'models', MODEL, path), options)
  const [text, unet, decoder] = [
    await open('text_encoder/model.onnx'),
    await open('unet/model.onnx'),
    await open('vae_decoder/model.onnx'),
  ]
  const config = (component: string) =>
    JSON.parse(readFileSync(join(ROOT, 'models', MODEL, component, 'config.json'), 'utf8'))
  const { max_position_embeddings: tokens, hidden_size: width } = config('text_encoder')
  const { in_channels: channels, sample_size: side } = config('unet')
  const latent = channels * side * side
  const noise = Float32Array.from({ length: 2 * latent }, (_, index) => Math.sin(index))
  const startedMs = performance.now()
  let embeds = new Tensor('float32', new Float32Array(2 * tokens * width), [2, tokens, width])
  for (let i = 0; i < 2; i++) {
    const { last_hidden_state: half } = await text.run({
      input_ids: new Tensor('int64', new BigInt64Array(tokens), [1, tokens]),
    })
    if (!(half?.data instanceof Float32Array)) throw new Error('The text encoder gave no float32')
    embeds.data.set(half.data, i * half.data.length)
  }
  embeds = new Tensor('float32', embeds.data, embeds.dims)
  const feeds = {
    sample: new Tensor('float32', noise, [2, channels, side, side]),
    timestep: new Tensor('int64', new BigInt64Array(2).fill(500n), [2]),
    encoder_hidden_states: embeds,
  }
  for (let step = 0; step < STEPS; step++) await unet.run(feeds)
  await decoder.run({ latent_sample: new Tensor('float32', noise.subarray(0, latent), [1, channels, side, side]) })
  const tookMs = performance.now() - startedMs
  await Promise.all([text.release(), unet.release(), decoder.release()])
  return tookMs
}

async function runningStack(): Promise<Row[]> {
  // The settings people get: as many threads as the machine has cores.
  await buildWebsite({ quiet: true })
  const stack = await startTestStack({ env: { WORKER_THREADS: '0', GUEST_DAILY_IMAGES: '1000' } })
  try {
    return [...(await pageLatency(stack)), ...(await enqueueToStart(stack)), ...(await shareCard(stack))]
  } finally {
    await stack.stop()
  }
}

/** The Studio's page, at a rate a busy small site sees, with the worker idle and with it never idle; three times in turns. */
async function pageLatency(stack: TestStack): Promise<Row[]> {
  const person = await guestClient(stack.url)
  await loadPages(stack.url, 5)
  const idle: number[] = []
  const busy: number[] = []
  for (let round = 0; round < 3; round++) {
    idle.push(await loadPages(stack.url, 10))
    const created = await person.api.generation.create.mutate({ ...request(), count: 4, steps: 150 })
    await waitUntilRunning(person, created.id)
    busy.push(await loadPages(stack.url, 10))
    await person.api.generation.cancel.mutate({ id: created.id })
    await sleep(1_000)
  }
  return [
    row({ what: 'page p99, worker idle', values: idle, unit: 'ms' }),
    row({ what: 'page p99, worker generating', values: busy, unit: 'ms' }),
    row({ what: 'generating over idle', values: busy.map((ms, i) => ms / (idle[i] ?? ms)), unit: 'x', atMost: 2 }),
  ]
}

async function loadPages(url: string, seconds: number): Promise<number> {
  const result = await autocannon({ url, duration: seconds, connections: 4, overallRate: 20 })
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${result.non2xx} answers were not 2xx, ${result.errors} failed`)
  return result.latency.p99
}

/** From the transaction that wrote the image to a worker's claim, by the database's clock, one at a time on an idle worker. */
async function enqueueToStart(stack: TestStack): Promise<Row[]> {
  const person = await guestClient(stack.url)
  for (let i = 0; i < 15; i++) {
    const { id } = await person.api.generation.create.mutate({ ...request(), steps: 1 })
    await waitUntilDone(person, id)
  }
  const client = new pg.Client({ connectionString: stack.env.DATABASE_URL })
  await client.connect()
  try {
    const { rows } = await client.query<{ ms: number }>(
      `SELECT extract(epoch FROM image.started_at - generation.created_at)::float8 * 1000 AS ms
         FROM image JOIN generation ON generation.id = image.generation_id
        WHERE image.status = 'done' AND image.steps = 1 ORDER BY generation.created_at`,
    )
    return [row({ what: 'enqueue → worker start, idle worker', values: rows.map(({ ms }) => ms), unit: 'ms' })]
  } finally {
    await client.end()
  }
}

/** First sight of a card: drawn, not cached. */
async function shareCard(stack: TestStack): Promise<Row[]> {
  const person = await guestClient(stack.url)
  const values: number[] = []
  for (let round = 0; round < 3; round++) {
    const { id } = await person.api.generation.create.mutate({ ...request(), count: 4, steps: 1 })
    for (const image of (await waitUntilDone(person, id)).images) {
      const { url } = await person.api.share.create.mutate({ imageId: image.id })
      const startedMs = performance.now()
      const card = await fetch(`${stack.url}${new URL(url).pathname}/card.png`)
      await card.arrayBuffer()
      if (!card.ok) throw new Error(`The card answered ${card.status}`)
      values.push(performance.now() - startedMs)
    }
  }
  return [
    row({ what: 'share card, the first after a start', values: values.slice(0, 1), unit: 'ms' }),
    row({ what: 'share card, the following, not cached', values: values.slice(1), unit: 'ms' }),
  ]
}

/** A clone of the last commit, `npm start` as a person types it, to the first picture; then once more. */
async function startToPicture(): Promise<Row[]> {
  const clone = await mkdtemp(join(tmpdir(), 'dewpoint-clone-'))
  await run('chmod', ['755', clone])
  try {
    await run('git', ['clone', '--quiet', '--depth', '1', `file://${ROOT}`, clone])
    const fresh = await startOnce(clone)
    const second = await startOnce(clone)
    return [
      row({ what: 'fresh npm start → address', values: [fresh.readyMs / 1000], unit: 's' }),
      row({ what: 'fresh npm start → first picture', values: [fresh.pictureMs / 1000], unit: 's', atMost: 180 }),
      row({ what: 'second npm start → address', values: [second.readyMs / 1000], unit: 's', atMost: 10 }),
    ]
  } finally {
    await rm(clone, { recursive: true, force: true })
  }
}

async function startOnce(clone: string) {
  const port = await freePort(0)
  const startedMs = performance.now()
  // Without this process's own npm and Node settings: the shell of somebody who just cloned.
  const env: Record<string, string | undefined> = { ...process.env, PORT: String(port) }
  for (const name of Object.keys(env)) if (/^(npm_|NODE_|INIT_CWD)/.test(name)) delete env[name]
  // A process group of its own, as a terminal gives: Ctrl-C reaches all of it.
  const child = spawn('npm', ['start'], {
    cwd: clone,
    env: env as NodeJS.ProcessEnv,
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  const ended = once(child, 'exit')
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk
  })
  while (!said.includes('Dewpoint is at ')) {
    if (child.exitCode !== null) throw new Error(`npm start ended:\n${said}`)
    await sleep(20)
  }
  const readyMs = performance.now() - startedMs
  const person = await guestClient(`http://localhost:${port}`)
  const { id } = await person.api.generation.create.mutate(request())
  await waitUntilDone(person, id)
  const pictureMs = performance.now() - startedMs
  process.kill(-(child.pid ?? 0), 'SIGINT')
  await ended
  while ((await freePort(port ?? 0)) === null) await sleep(100)
  return { readyMs, pictureMs }
}

type Api = Awaited<ReturnType<typeof guestClient>>['api']
type CreateInput = Parameters<Api['generation']['create']['mutate']>[0]

function request(): CreateInput {
  const size = { width: 256, height: 256 }
  const sampling = { steps: STEPS, sampler: 'ddim' as const, schedule: 'automatic' as const, guidanceScale: 4 }
  return {
    idempotencyKey: crypto.randomUUID(),
    modelId: MODEL,
    prompt: PROMPT,
    negativePrompt: '',
    seed: 7,
    count: 1,
    ...size,
    ...sampling,
  }
}

async function waitUntilRunning(person: { api: Api }, id: string): Promise<void> {
  while (!(await person.api.generation.get.query({ id })).images.some(({ step }) => step > 0)) {
    await sleep(50)
  }
}
