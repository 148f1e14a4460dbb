// The graphs of graphs.py in ONNX Runtime as the worker loads and runs them: calls a second by rows of a call, the first call, and how far
// the answers are from torch's on the same weights (torch_peer.py left inputs and answers beside each graph).
// node test/bench/cuda/graphs.ts --device cuda|cpu --graphs DIR --only NAME [--seconds N] [--calls N]
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import type { Tensor } from '#diffusion/runtime/runtime.ts'
import { openModelFolder } from '#worker/models/model-folder.ts'
import { createOnnxRuntime } from '#worker/runtime/onnx-runtime.ts'
import { median } from '../measure.ts'
import { partsUntil, say } from './parts.ts'

const { values: options } = parseArgs({
  options: {
    device: { type: 'string', default: 'cuda' },
    graphs: { type: 'string' },
    only: { type: 'string' },
    seconds: { type: 'string', default: '60' },
    calls: { type: 'string', default: '20' },
    /** A call count ends early past this. */
    'seconds-each': { type: 'string', default: '3' },
  },
})
if (options.graphs === undefined || options.only === undefined) throw new TypeError('--graphs and --only are needed')
const { graphs, only } = { graphs: options.graphs, only: options.only }
const provider = options.device === 'cpu' ? 'cpu' : 'cuda'
const part = partsUntil(Date.now() + Number(options.seconds) * 1000)

/** What torch_peer.py wrote: one file of raw float32 a tensor. */
const caseSchema = z.object({
  batch: z.int(),
  inputs: z.record(z.string(), z.object({ file: z.string(), dims: z.array(z.int()) })),
  output: z.object({ file: z.string(), dims: z.array(z.int()) }).optional(),
})

const folder = join(graphs, only)
// A fused graph shares inputs and answers with the plain one.
const casesFolder = join(graphs, only.replace(/-fused$/, ''))
const cases = z.array(caseSchema).parse(JSON.parse(await readFile(join(casesFolder, 'cases.json'), 'utf8')))

const mustRunOn = provider === 'cuda' ? { mustRunOn: 'CUDAExecutionProvider' as const } : {}
await part(only, async () => {
  if (!existsSync(join(folder, 'weights.bin')))
    throw new Error(`${folder} has no weights yet: torch_peer.py writes them`)
  const startedMs = performance.now()
  const runtime = createOnnxRuntime({ provider, threads: 0, ...mustRunOn })
  const session = await runtime.createSession(openModelFolder(folder), 'model.onnx')
  say({ graph: only, what: 'load', ms: performance.now() - startedMs })
  try {
    for (const { batch, inputs, output } of cases) {
      await part(`${only}, batch ${batch}`, async () => {
        const feeds: Record<string, Tensor> = {}
        for (const [name, { file, dims }] of Object.entries(inputs))
          feeds[name] = { type: 'float32', dims, data: await readFloats(join(casesFolder, file)) }
        const beforeMs = performance.now()
        const first = await session.run(feeds)
        const firstMs = performance.now() - beforeMs
        // The first of the session was profiled, and the convolutions were tuned in it.
        await session.run(feeds)
        const times: number[] = []
        const until = performance.now() + Number(options['seconds-each']) * 1000
        while (times.length < Number(options.calls) && performance.now() < until) {
          const atMs = performance.now()
          await session.run(feeds)
          times.push(performance.now() - atMs)
        }
        const ms = median(times)
        const made = Object.values(first)[0]
        const error =
          output === undefined || made?.type !== 'float32'
            ? undefined
            : relativeError(made.data, await readFloats(join(casesFolder, output.file)))
        const spread = [Math.min(...times), Math.max(...times)]
        say({
          graph: only,
          engine: 'ONNX Runtime',
          batch,
          ms,
          callsPerSecond: 1000 / ms,
          rowsPerSecond: (1000 * batch) / ms,
          spread,
          runs: times.length,
          firstMs,
          error,
        })
      })
    }
  } finally {
    await session.dispose()
  }
})

async function readFloats(path: string): Promise<Float32Array> {
  const bytes = await readFile(path)
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
}

function relativeError(values: Float32Array, expected: Float32Array): number {
  let difference = 0
  let size = 0
  for (const [index, value] of expected.entries()) {
    difference += ((values[index] ?? Number.NaN) - value) ** 2
    size += value * value
  }
  return Math.sqrt(difference / size)
}
