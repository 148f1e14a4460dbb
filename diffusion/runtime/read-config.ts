// Reads the JSON files of a model folder; every config is parsed by a zod schema once, here, and trusted afterwards.
import type { z } from 'zod'
import type { ModelFiles } from './runtime.ts'

/** Tokenizers of many languages take 20 MB; what is larger is no JSON a model needs, and parsing it would take the memory of ten. */
const CONFIG_MAX_BYTES = 50_000_000

/** @throws RangeError naming the file when it is missing, not JSON, or not what the layout says. */
export async function readConfig<Schema extends z.ZodType>(
  files: ModelFiles,
  path: string,
  schema: Schema,
): Promise<z.output<Schema>> {
  if (!(await files.has(path))) throw new RangeError(`The model has no ${path}`)
  const bytes = await files.readBytes(path)
  if (bytes.length > CONFIG_MAX_BYTES)
    throw new RangeError(`${path} has ${bytes.length} bytes; a config or tokenizer has at most ${CONFIG_MAX_BYTES}`)
  const text = new TextDecoder().decode(bytes)
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new RangeError(`${path} is not JSON`, { cause })
  }
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new RangeError(`${path}: ${issue?.path.join('.')}: ${issue?.message}`, { cause: parsed.error })
}

/** A component's own config. Exports of diffusers' first ONNX scripts have none; the schema's defaults are theirs then. */
export async function readComponentConfig<Schema extends z.ZodType>(
  files: ModelFiles,
  component: string,
  schema: Schema,
): Promise<z.output<Schema>> {
  const path = `${component}/config.json`
  return (await files.has(path)) ? readConfig(files, path, schema) : schema.parse({})
}
