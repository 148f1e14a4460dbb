// Inflating untrusted bytes through the platform's DecompressionStream (Node and every browser carry it), with a bound on
// the output: a deflate bomb costs the bound and no more.

export type CompressionFormat = 'deflate' | 'gzip'

/** How much compressed data is handed over at once. Deflate grows at most 1032-fold, so this bounds what is in flight to 8 MB. */
const FEED_BYTES = 8 * 1024

/**
 * The inflated bytes.
 * @param compressed zlib (`deflate`) or gzip data, complete.
 * @param maxBytes most bytes to produce.
 * @throws RangeError when the output would pass `maxBytes`; TypeError when the data is damaged or cut off.
 */
export async function inflate(
  compressed: Uint8Array,
  format: CompressionFormat,
  maxBytes: number,
): Promise<Uint8Array> {
  let offset = 0
  const source = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      pull(controller) {
        controller.enqueue(compressed.slice(offset, offset + FEED_BYTES))
        offset += FEED_BYTES
        if (offset >= compressed.length) controller.close()
      },
    },
    { highWaterMark: 0 },
  )
  const reader = source.pipeThrough(new DecompressionStream(format)).getReader()
  const parts: Uint8Array[] = []
  let sizeBytes = 0
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      sizeBytes += value.length
      if (sizeBytes > maxBytes) throw new RangeError(`Compressed text unfolds to more than ${maxBytes} bytes`)
      parts.push(value)
    }
  } catch (cause) {
    if (cause instanceof RangeError && sizeBytes > maxBytes) throw cause
    throw new TypeError('Compressed data is damaged or cut off', { cause })
  } finally {
    // Already closed or errored is fine: what matters is that nothing goes on inflating.
    await reader.cancel().catch(() => undefined)
  }
  const whole = new Uint8Array(sizeBytes)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
