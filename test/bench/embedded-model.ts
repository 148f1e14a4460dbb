// The embedded model through `npm run generate`: time per step, prompt → PNG in 25 steps and in few, memory, load time; and the
// same U-Net in torch bf16 in the same run (where .data/training/venv is installed), in turns.
// Options: --model ID (25 steps, guidance), --fast ID (few steps; left out where it is not installed), --rounds N.
import { execFile, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { modelManifestSchema } from '#contracts/model-manifest.ts'
import { ROOT } from '../../scripts/lib/node.mjs'
import { type Benchmark, median, type Row, row } from './measure.ts'

const run = promisify(execFile)
const PROMPT = 'a panda eating tacos at the beach'
const PYTHON = join(ROOT, '.data/training/venv/bin/python')
const STEPS = 25
const FEW_STEPS = [1, 2, 4, 8]
/** The bounds. */
const WHOLE_AT_MOST_MS = 3000
const FEW_AT_MOST_MS = 1000
const TORCH_AT_LEAST = 2.5
/** What the few-step variant is judged by: its default count of steps. */
const FEW_STEPS_DEFAULT = 4
const PEER_CALLS = 30
const MEMORY_EVERY_MS = 50

interface Measured {
  readonly pngMs: number
  readonly stepMs: number
  readonly loadMs: number
  readonly decodeMs: number
  /** Highest resident size of the process; undefined where the system does not tell. */
  readonly peakMb: number | undefined
}

const embeddedModel: Benchmark = async (options) => {
  const option = (name: string, fallback: string) => options[options.indexOf(name) + 1 || options.length] ?? fallback
  const model = option('--model', 'dewpoint')
  const fast = option('--fast', 'dewpoint-fast')
  const rounds = Number(option('--rounds', '5'))
  const folder = await mkdtemp(join(tmpdir(), 'dewpoint-bench-'))
  try {
    const rows = await wholeRuns({ model, rounds, folder })
    if (existsSync(join(ROOT, 'models', fast))) rows.push(...(await fewStepRuns({ model: fast, rounds, folder })))
    return rows
  } finally {
    await rm(folder, { recursive: true })
  }
}
export default embeddedModel

interface RunOptions {
  readonly model: string
  readonly rounds: number
  readonly folder: string
}

async function wholeRuns({ model, rounds, folder }: RunOptions): Promise<Row[]> {
  const ours: Measured[] = []
  const peers: Peer[] = []
  for (let round = 0; round < rounds; round++) {
    ours.push(await generate(model, STEPS, folder))
    peers.push(...(await torchUNet(model, 2)))
  }
  return [
    row({ what: `${model}: weights on disk`, values: [weightsMb(model)], unit: 'MB' }),
    row({ what: `${model}: verify and load`, values: ours.map(({ loadMs }) => loadMs), unit: 'ms' }),
    row({ what: `${model}: one step with guidance`, values: ours.map(({ stepMs }) => stepMs), unit: 'ms' }),
    row({ what: `${model}: decode`, values: ours.map(({ decodeMs }) => decodeMs), unit: 'ms' }),
    row({
      what: `${model}: prompt → PNG, ${STEPS} steps`,
      values: ours.map(({ pngMs }) => pngMs),
      unit: 'ms',
      atMost: WHOLE_AT_MOST_MS,
    }),
    ...memoryRow(model, ours),
    ...peerRows(model, ours, peers, 'with guidance, batch 2'),
  ]
}

async function fewStepRuns({ model, rounds, folder }: RunOptions): Promise<Row[]> {
  const rows: Row[] = []
  for (const steps of FEW_STEPS) {
    const ours: Measured[] = []
    const peers: Peer[] = []
    for (let round = 0; round < rounds; round++) {
      ours.push(await generate(model, steps, folder))
      if (steps === FEW_STEPS_DEFAULT) peers.push(...(await torchUNet(model, 1)))
    }
    const bound = steps === FEW_STEPS_DEFAULT ? { atMost: FEW_AT_MOST_MS } : {}
    rows.push(
      row({
        what: `${model}: prompt → PNG, ${steps} steps`,
        values: ours.map(({ pngMs }) => pngMs),
        unit: 'ms',
        ...bound,
      }),
    )
    if (steps === FEW_STEPS_DEFAULT) {
      rows.push(row({ what: `${model}: one step`, values: ours.map(({ stepMs }) => stepMs), unit: 'ms' }))
      rows.push(...memoryRow(model, ours), ...peerRows(model, ours, peers, 'batch 1'))
    }
  }
  return rows
}

/** One picture in a process of its own, as a person would make it. */
async function generate(model: string, steps: number, folder: string): Promise<Measured> {
  const child = spawn(
    process.execPath,
    [
      join(ROOT, 'gpu-worker/cli/generate.ts'),
      PROMPT,
      ...['--model', model, '--seed', '7', '--steps', String(steps)],
      ...['--json', '--force', '--out', join(folder, 'p.png')],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let peakKb: number | undefined
  const watch = setInterval(() => {
    peakKb = peakResidentKb(child.pid) ?? peakKb
  }, MEMORY_EVERY_MS)
  let printed = ''
  child.stdout.on('data', (chunk) => {
    printed += chunk
  })
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  clearInterval(watch)
  if (code !== 0) throw new Error(`npm run generate ended with ${code}`)
  const report = JSON.parse(printed)
  const unet: { calls: number; totalMs: number } = report.graphs['unet/model.onnx']
  const { timings } = report.pictures[0]
  return {
    pngMs: timings.totalMs,
    stepMs: unet.totalMs / unet.calls,
    loadMs: report.model.loadMs,
    decodeMs: timings.decodeMs,
    peakMb: peakKb === undefined ? undefined : peakKb / 1024,
  }
}

/** Linux counts it; elsewhere nothing cheap does. */
function peakResidentKb(pid: number | undefined): number | undefined {
  const path = `/proc/${pid}/status`
  if (!existsSync(path)) return undefined
  const kb = /VmHWM:\s+(\d+) kB/.exec(readFileSync(path, 'utf8'))?.[1]
  return kb === undefined ? undefined : Number(kb)
}

function memoryRow(model: string, ours: readonly Measured[]): Row[] {
  const values = ours.flatMap(({ peakMb }) => peakMb ?? [])
  return values.length === 0 ? [] : [row({ what: `${model}: peak memory of the process`, values, unit: 'MB' })]
}

interface Peer {
  readonly what: string
  readonly ms: number
}

/** The median call; empty where torch is not installed. */
async function torchUNet(model: string, batch: number): Promise<Peer[]> {
  if (!existsSync(PYTHON)) return []
  const args = ['test/bench/torch_unet_peer.py', join(ROOT, 'models', model), String(batch), String(PEER_CALLS)]
  const { stdout } = await run(PYTHON, args, { cwd: ROOT })
  const report = JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}')
  return [{ what: `torch ${report.torch}, ${report.precision}, ${report.threads} threads`, ms: median(report.ms) }]
}

function peerRows(model: string, ours: readonly Measured[], peers: readonly Peer[], how: string): Row[] {
  const [first] = peers
  if (first === undefined) return []
  return [
    row({ what: `${first.what}: the same U-Net, ${how}`, values: peers.map(({ ms }) => ms), unit: 'ms' }),
    row({
      what: `${model}: our step over torch's, ${how}`,
      values: ours.map(({ stepMs }, round) => stepMs / (peers[round]?.ms ?? first.ms)),
      unit: 'x',
      atMost: 1 / TORCH_AT_LEAST,
    }),
  ]
}

function weightsMb(model: string): number {
  const path = join(ROOT, 'models', model, 'dewpoint.json')
  const { files } = modelManifestSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
  return Object.values(files).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) / 1e6
}
