// Settings of the worker and the command line, parsed once from the environment. .env.example describes each.
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { executionProviderSchema } from '#contracts/worker-protocol.ts'

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

/** What the command line needs as well: where the models are and what runs them. */
const engineSchema = z.object({
  EXECUTION_PROVIDER: executionProviderSchema.default('cpu'),
  MODELS_DIR: z.string().default(fileURLToPath(new URL('../models', import.meta.url))),
  /** 0: one per physical core. */
  WORKER_THREADS: z.coerce.number().int().min(0).max(256).default(0),
})

/** `models add`: the hub's own names for its settings. */
const hubSchema = z.object({
  MODELS_DIR: engineSchema.shape.MODELS_DIR,
  HF_ENDPOINT: z.url({ protocol: /^https?$/ }).default('https://huggingface.co'),
  /** For gated and private repositories. */
  HF_TOKEN: z.string().optional(),
})

/** `models convert`: a Python with the packages of training/conversion/requirements.txt. */
const convertSchema = hubSchema.extend({
  CONVERT_PYTHON: z.string().default(fileURLToPath(new URL('../.data/convert/venv/bin/python', import.meta.url))),
})

const workerSchema = engineSchema
  .extend({
    GATEWAY_URL: z.url({ protocol: /^https?$/ }).default('http://127.0.0.1:3000'),
    /** true: plain http to another machine, inside a network that is private anyway. */
    GATEWAY_ALLOW_HTTP: z.stringbool().default(false),
    WORKER_TOKEN: z.string().min(32, 'a worker token has 32 characters or more, as the website has it'),
    WORKER_MODELS: z
      .string()
      .transform((list) => list.split(',').map((id) => id.trim()))
      .optional(),
    /** Pictures worked on at a time. Few, so that another worker finds work; some, so that short ones overtake long ones. */
    WORKER_CAPACITY: z.coerce.number().int().min(1).max(64).default(4),
    DRAIN_TIMEOUT_MS: z.coerce.number().int().min(0).default(30_000),
    HEALTH_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
    LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  })
  .refine(
    ({ GATEWAY_URL, GATEWAY_ALLOW_HTTP }) => {
      const { protocol, hostname } = new URL(GATEWAY_URL)
      return protocol === 'https:' || LOOPBACK.test(hostname) || GATEWAY_ALLOW_HTTP
    },
    {
      path: ['GATEWAY_URL'],
      message:
        'the worker token would travel in the clear: use https, or GATEWAY_ALLOW_HTTP=true inside a private network',
    },
  )

export type EngineEnv = z.infer<typeof engineSchema>
export type HubEnv = z.infer<typeof hubSchema>
export type ConvertEnv = z.infer<typeof convertSchema>
export type WorkerEnv = z.infer<typeof workerSchema>

export const readEngineEnv = (): EngineEnv => parse(engineSchema)
export const readHubEnv = (): HubEnv => parse(hubSchema)
export const readConvertEnv = (): ConvertEnv => parse(convertSchema)
export const readWorkerEnv = (): WorkerEnv => parse(workerSchema)

/** @throws Error naming every setting that is not usable and the rule it breaks. */
function parse<Schema extends z.ZodType>(schema: Schema): z.infer<Schema> {
  // A name without a value, as .env.example leaves them, means "not set".
  const given = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== ''))
  const parsed = schema.safeParse(given)
  if (parsed.success) return parsed.data
  const lines = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
  throw new Error(`These settings are not usable:\n${lines.join('\n')}`)
}
