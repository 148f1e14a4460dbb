// Reads a safetensors file (huggingface.co/docs/safetensors): eight bytes of header length, a JSON header, the tensors. Files come
// from strangers, so nothing the header says is believed before it is checked; the tensors are views, not copies.
import { z } from 'zod'
import { decodeHalf } from '../runtime/float16.ts'

/** The format's reference implementation reads headers up to 100 MB; kohya's metadata, the largest there is, stays under 10. */
const HEADER_MAX_BYTES = 25_000_000

const ELEMENT_BYTES = { F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, I16: 2, I8: 1, U8: 1, BOOL: 1 } as const
type Dtype = keyof typeof ELEMENT_BYTES

export interface SafeTensor {
  readonly dtype: Dtype
  readonly shape: readonly number[]
  readonly bytes: Uint8Array
}

export interface SafeTensors {
  readonly tensors: ReadonlyMap<string, SafeTensor>
  readonly metadata: Readonly<Record<string, string>>
}

const sideSchema = z.int().nonnegative()
const headerSchema = z.record(z.string(), z.unknown())
const metadataSchema = z.record(z.string(), z.string())
const tensorSchema = z.object({
  dtype: z.enum(Object.keys(ELEMENT_BYTES) as [Dtype, ...Dtype[]]),
  shape: z.array(sideSchema).max(8),
  data_offsets: z.tuple([sideSchema, sideSchema]),
})

/** @param file its name, for errors. @throws RangeError naming the rule the file breaks. */
export function readSafetensors(bytes: Uint8Array, file: string): SafeTensors {
  const { header, dataStart } = readHeader(bytes, file)
  const { __metadata__, ...entries } = header
  const metadata = metadataSchema.safeParse(__metadata__ ?? {})
  if (!metadata.success) throw new RangeError(`${file}: __metadata__ holds texts by name, this one does not`)
  const tensors = new Map<string, SafeTensor>()
  const spans: { name: string; start: number; end: number }[] = []
  for (const [name, entry] of Object.entries(entries)) {
    const parsed = tensorSchema.safeParse(entry)
    if (!parsed.success) {
      const [issue] = parsed.error.issues
      throw new RangeError(`${file}: ${name}: ${issue?.path.join('.')}: ${issue?.message}`)
    }
    const { dtype, shape } = parsed.data
    const [start, end] = parsed.data.data_offsets
    const needed = shape.reduce((product, side) => product * side, ELEMENT_BYTES[dtype])
    if (end - start !== needed)
      throw new RangeError(
        `${file}: ${name} of shape [${shape.join(', ')}] in ${dtype} takes ${needed} bytes, its offsets span ${end - start}`,
      )
    if (dataStart + end > bytes.length)
      throw new RangeError(`${file}: ${name} ends at byte ${dataStart + end}, the file has ${bytes.length}`)
    spans.push({ name, start, end })
    tensors.set(name, { dtype, shape, bytes: bytes.subarray(dataStart + start, dataStart + end) })
  }
  requireGapless(spans, bytes.length - dataStart, file)
  return { tensors, metadata: metadata.data }
}

/** float32 values in row-major order. @throws RangeError for element types that are no floating-point numbers. */
export function toFloat32({ dtype, bytes }: SafeTensor, name: string): Float32Array {
  // A copy, because a tensor starts anywhere; `slice` of Node's Buffer would be none.
  const aligned = new Uint8Array(bytes)
  switch (dtype) {
    case 'F32':
      return new Float32Array(aligned.buffer)
    case 'F16':
      return decodeHalf(new Uint16Array(aligned.buffer))
    case 'BF16':
      // A bfloat16 is the upper half of a float32.
      return new Float32Array(Uint32Array.from(new Uint16Array(aligned.buffer), (bits) => bits << 16).buffer)
    case 'F64':
      return Float32Array.from(new Float64Array(aligned.buffer))
    default:
      throw new RangeError(`${name} holds ${dtype}; weights are F16, BF16, F32 or F64`)
  }
}

function readHeader(bytes: Uint8Array, file: string): { header: Record<string, unknown>; dataStart: number } {
  if (bytes.length < 10) throw new RangeError(`${file} has ${bytes.length} bytes; a safetensors file has 10 or more`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8)
  const length = Number(view.getBigUint64(0, true))
  if (length > bytes.length - 8)
    throw new RangeError(`${file}: its header says it is ${length} bytes long, the file has ${bytes.length}`)
  if (length > HEADER_MAX_BYTES)
    throw new RangeError(`${file}: a header has at most ${HEADER_MAX_BYTES} bytes, this one ${length}`)
  const dataStart = 8 + length
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, dataStart))
    return { header: headerSchema.parse(JSON.parse(text)), dataStart }
  } catch (cause) {
    throw new RangeError(`${file} is not a safetensors file: its header is not a JSON object`, { cause })
  }
}

/** The format allows neither overlaps nor holes, which could hide another file inside. */
function requireGapless(
  spans: readonly { name: string; start: number; end: number }[],
  dataLength: number,
  file: string,
): void {
  let at = 0
  for (const { name, start, end } of [...spans].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (start !== at)
      throw new RangeError(
        `${file}: tensors follow each other without gap or overlap; ${name} starts at ${start}, not ${at}`,
      )
    at = end
  }
  if (at !== dataLength) throw new RangeError(`${file}: its tensors end at byte ${at} of ${dataLength}`)
}
