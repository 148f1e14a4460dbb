// Extra outputs a U-Net graph may have for people to look into it: `cross_attention.<layer>`, float [batch, heads, queries, tokens] or
// [batch, queries, tokens], the probabilities after the softmax over tokens. Our convention; see docs/diffusion.md. Meant, as are
// traces, for the story of how a picture formed; no page tells it yet.
import type { FloatValues } from '../runtime/component.ts'

/** One cross-attention layer for one row of a batch. */
export interface AttentionLayer {
  /** Of the graph output. */
  readonly name: string
  readonly heads: number
  /** Height times width of the resolution the layer works at. */
  readonly queries: number
  readonly tokens: number
  /** float32 [heads, queries, tokens]; over tokens they sum to 1. A view into the whole batch's. */
  readonly data: Float32Array
}

export const isAttentionOutput = (name: string): boolean => name.startsWith('cross_attention.')

/** @returns the layers of every row of the batch. @throws RangeError where an output is not of the convention's shape. */
export function splitAttention(outputs: Readonly<Record<string, FloatValues>>, batch: number): AttentionLayer[][] {
  const layers = Object.entries(outputs).filter(([name]) => isAttentionOutput(name))
  return Array.from({ length: batch }, (_, row) => layers.map(([name, values]) => rowOf(name, values, row, batch)))
}

function rowOf(name: string, { dims, data }: FloatValues, row: number, batch: number): AttentionLayer {
  const [rows, heads = 0, queries = 0, tokens = 0] = dims.length === 3 ? [dims[0], 1, ...dims.slice(1)] : dims
  if (rows !== batch || dims.length < 3 || dims.length > 4) {
    const rule = '[batch, heads, queries, tokens] or [batch, queries, tokens]'
    throw new RangeError(`${name} must be ${rule}; for a batch of ${batch} it is [${dims.join(', ')}]`)
  }
  const count = heads * queries * tokens
  return { name, heads, queries, tokens, data: data.subarray(row * count, (row + 1) * count) }
}
