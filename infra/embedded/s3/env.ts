// The embedded endpoint's environment, parsed once.
import { z } from 'zod'

const schema = z.object({
  DATA_DIR: z.string().min(1).default('.data'),
  S3_ENDPOINT: z.url({ protocol: /^http$/ }).default('http://127.0.0.1:9000'),
  S3_REGION: z.string().min(1).default('us-east-1'),
  S3_BUCKET: z.string().min(3).optional(),
  S3_ACCESS_KEY_ID: z.string().min(1),
  S3_SECRET_ACCESS_KEY: z.string().min(8),
  PORT: z.coerce.number().int().min(0).max(65_535).default(3_000),
  APP_URL: z.url().optional(),
})

export type EmbeddedS3Env = z.infer<typeof schema>

/** Throws a ZodError that names every variable that is missing or wrong. */
export function readEnv(variables: Record<string, string | undefined> = process.env): EmbeddedS3Env {
  return schema.parse(variables)
}
