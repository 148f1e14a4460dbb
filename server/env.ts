// The web process's environment, parsed once. Every wrong variable is named in one message, so that nobody fixes them one by one.
import { z } from 'zod'

const url = z.url({ protocol: /^https?$/, hostname: /.+/ })
const flag = z.enum(['true', 'false']).transform((value) => value === 'true')
const dailyImages = z.coerce.number().int().min(0).max(1_000_000)

const schema = z.object({
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  S3_ENDPOINT: url.optional(),
  S3_PUBLIC_ENDPOINT: url.optional(),
  S3_REGION: z.string().min(1).default('us-east-1'),
  S3_BUCKET: z.string().min(3),
  S3_ACCESS_KEY_ID: z.string().min(1),
  S3_SECRET_ACCESS_KEY: z.string().min(1),
  S3_FORCE_PATH_STYLE: flag.default(true),
  /** The address people type; decides cookie security and links. */
  APP_URL: url,
  /** 32 characters: what a 256-bit key needs in base64url is 43; shorter than 32 can be guessed. */
  AUTH_SECRET: z.string().min(32),
  WORKER_TOKEN: z.string().min(32),
  MODELS_DIR: z.string().min(1).default('models'),
  /** What scripts/build-engine.ts made for browsers. */
  ENGINE_DIR: z.string().min(1).default('.engine'),
  GUEST_DAILY_IMAGES: dailyImages.default(20),
  USER_DAILY_IMAGES: dailyImages.default(200),
  /** Sign-in and sign-up limits per address; off only for tests that sign up dozens of people. */
  AUTH_RATE_LIMIT: z.enum(['on', 'off']).default('on'),
  /** All visitors together; each new guest has an allowance of their own. */
  NEW_GUESTS_PER_HOUR: z.coerce.number().int().min(1).max(1_000_000).default(500),
  /** Addresses or CIDR ranges of reverse proxies, comma-separated: whose X-Forwarded-For entries to believe. */
  TRUSTED_PROXIES: z
    .string()
    .default('')
    .transform((list) => list.split(',').flatMap((entry) => (entry.trim() === '' ? [] : [entry.trim()]))),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
})

export type ServerEnv = z.infer<typeof schema>

/** @throws Error whose message lists every variable that is missing or wrong, without its value. */
export function parseServerEnv(source: Readonly<Record<string, string | undefined>>): ServerEnv {
  // An empty value in a .env file means "not set".
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''))
  const parsed = schema.safeParse(given)
  if (parsed.success) return parsed.data
  const lines = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`)
  throw new Error(`The environment is not usable (see .env.example):\n${lines.join('\n')}`)
}

export function readServerEnv(): ServerEnv {
  return parseServerEnv(process.env)
}
