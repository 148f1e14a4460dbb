// Asks ORT itself where a graph ran: profiles the session's first run and reads which provider executed each node.
// Not a performance tool; profiling ends with that first run.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { InferenceSession } from 'onnxruntime-node'
import { z } from 'zod'

/** Where the work of a diffusion graph is. Shape arithmetic rightly stays on the CPU, so it is not held against a session. */
const HEAVY_OPS = new Set([
  'Conv',
  'FusedConv',
  'NhwcFusedConv',
  'MatMul',
  'FusedMatMul',
  'Gemm',
  'FusedGemm',
  'Attention',
  'MultiHeadAttention',
])

const eventSchema = z.object({
  cat: z.string(),
  args: z.object({ op_name: z.string().optional(), provider: z.string().optional() }),
})

export interface NodeRun {
  readonly op: string
  readonly provider: string
}

/** The nodes an ORT profile says were executed. */
export function parseProfile(json: string): NodeRun[] {
  return z
    .array(eventSchema)
    .parse(JSON.parse(json))
    .flatMap(({ cat, args }) =>
      cat === 'Node' && args.op_name !== undefined && args.provider !== undefined
        ? [{ op: args.op_name, provider: args.provider }]
        : [],
    )
}

/** Throws unless every heavy node, and at least one node at all, ran on `provider`. */
export function assertRanOn(nodes: readonly NodeRun[], provider: string, path: string): void {
  const elsewhere = nodes.filter((node) => HEAVY_OPS.has(node.op) && node.provider !== provider)
  const onProvider = nodes.filter((node) => node.provider === provider).length
  if (elsewhere.length === 0 && onProvider > 0) return
  const others = [...new Set(elsewhere.map((node) => node.provider))].join(', ')
  throw new Error(
    `${path} has to run on ${provider}, but ${onProvider} of ${nodes.length} nodes did` +
      (elsewhere.length > 0 ? ` and ${elsewhere.length} convolutions or matrix products ran on ${others}.` : '.') +
      ' Check the driver, CUDA 12 and cuDNN 9, or set EXECUTION_PROVIDER=cpu.',
  )
}

/** Session options that profile, and what to do with the profile once the first run is over. */
export async function profileFirstRun(provider: string) {
  const folder = await mkdtemp(join(tmpdir(), 'dewpoint-profile-'))
  const discard = async (session: InferenceSession) => {
    session.endProfiling()
    await rm(folder, { recursive: true, force: true })
  }
  return {
    sessionOptions: { enableProfiling: true, profileFilePrefix: join(folder, 'run') },
    discard,
    async check(session: InferenceSession, path: string): Promise<void> {
      try {
        session.endProfiling()
        const [file] = await readdir(folder)
        if (file === undefined) throw new Error(`ONNX Runtime wrote no profile for ${path}; where it ran is unknown`)
        assertRanOn(parseProfile(await readFile(join(folder, file), 'utf8')), provider, path)
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    },
  }
}
