// The real backend without Next: database, bucket, container, and the same fetch handlers the routes use. People sign up
// through better-auth's endpoints and keep cookies; the scripted worker speaks the real gateway protocol with made-up pictures.
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CreateGenerationRequest } from '#contracts/generation.ts'
import type { ModelManifest } from '#contracts/model-manifest.ts'
import { startEmbeddedS3 } from '#infra/embedded/s3/start-embedded-s3.ts'
import { type Container, createContainer } from '#server/container.ts'
import { parseServerEnv, type ServerEnv } from '#server/env.ts'
import { handleAuth } from '#server/http/handle-auth.ts'
import type { Log } from '#server/log.ts'
import { createContext } from '#server/trpc/context.ts'
import { createCaller } from '#server/trpc/router.ts'
import { createTestDatabase } from './postgres.ts'

export const APP_URL = 'http://localhost:3000'

export interface TestServer {
  readonly container: Container
  readonly env: ServerEnv
  readonly model: ModelManifest
  readonly s3: { readonly url: string; stop(): Promise<void> }
  /** The API as whoever holds these headers. */
  as(headers: Headers): ReturnType<typeof createCaller>
  guest(): Promise<Person>
  signUp(who?: Partial<Credentials> & { readonly as?: Person }): Promise<Person & Credentials>
  /** POST to better-auth. */
  auth(path: string, body: object, headers?: Headers): Promise<Response>
  /** The same environment in another process's clothes: a second web instance. */
  secondContainer(): Promise<Container>
  close(): Promise<void>
}

export interface Credentials {
  readonly email: string
  readonly password: string
}

export interface Person {
  readonly headers: Headers
  readonly api: ReturnType<typeof createCaller>
}

export async function startTestServer(
  variables: Record<string, string> = {},
  options: { readonly log?: Log } = {},
): Promise<TestServer> {
  // A fault test brings its own server, to restart it.
  const database =
    variables.DATABASE_URL === undefined
      ? await createTestDatabase()
      : { url: variables.DATABASE_URL, drop: async () => {} }
  const bucketDir = await mkdtemp(join(tmpdir(), 'dewpoint-bucket-'))
  const keys = { accessKeyId: 'test', secretAccessKey: randomBytes(20).toString('hex') }
  const s3 = await startEmbeddedS3({ dir: bucketDir, port: 0, ...keys })
  const env = parseServerEnv({
    DATABASE_URL: database.url,
    S3_ENDPOINT: s3.url,
    S3_BUCKET: 'dewpoint-test',
    S3_ACCESS_KEY_ID: keys.accessKeyId,
    S3_SECRET_ACCESS_KEY: keys.secretAccessKey,
    APP_URL,
    AUTH_SECRET: randomBytes(32).toString('base64url'),
    WORKER_TOKEN: randomBytes(32).toString('base64url'),
    AUTH_RATE_LIMIT: 'off',
    LOG_LEVEL: 'silent',
    MODELS_DIR: 'models',
    ...variables,
  })
  const container = await createContainer(env, options.log)
  await container.deps.storage.ensureBucket()
  const model = container.deps.models.all[0]
  if (model === undefined) throw new Error('The tests need a model with a manifest in models/')

  const as = (headers: Headers) => createCaller(createContext(container, headers))
  const auth = (path: string, body: object, headers = new Headers()) =>
    handleAuth(
      async () => container,
      new Request(`${APP_URL}/api/auth${path}`, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json', origin: APP_URL, cookie: headers.get('cookie') ?? '' },
      }),
    )
  const personFrom = async (response: Response): Promise<Person> => {
    if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`)
    const headers = new Headers({ cookie: cookiesOf(response) })
    return { headers, api: as(headers) }
  }
  return {
    container,
    env,
    model,
    s3,
    as,
    auth,
    guest: async () => personFrom(await auth('/sign-in/anonymous', {})),
    async signUp(who = {}) {
      const credentials = {
        email: who.email ?? `${randomUUID()}@example.org`,
        password: who.password ?? randomBytes(12).toString('base64url'),
      }
      const response = await auth('/sign-up/email', { name: 'Ada', ...credentials }, who.as?.headers)
      return { ...(await personFrom(response)), ...credentials }
    },
    secondContainer: () => createContainer(env),
    async close() {
      await container.close()
      await s3.stop()
      await database.drop()
      await rm(bucketDir, { recursive: true, force: true })
    },
  }
}

export function cookiesOf(response: Response): string {
  return response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ')
}

/** A request the model accepts; every call is another click. */
export function validRequest(
  model: ModelManifest,
  changes: Partial<CreateGenerationRequest> = {},
): CreateGenerationRequest {
  const size = model.sizes[0] ?? { width: 64, height: 64 }
  return {
    idempotencyKey: randomUUID(),
    modelId: model.id,
    prompt: 'a panda eating tacos at the beach',
    negativePrompt: '',
    seed: 7,
    count: 1,
    ...size,
    ...model.defaults,
    steps: 3,
    ...changes,
  }
}
