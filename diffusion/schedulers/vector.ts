// Linear combinations of latents, the only arithmetic samplers do on them: accumulated in float64, rounded once to float32.

/** a·x + b·y, float32 of x's size. */
export function combine2(a: number, x: Float32Array, b: number, y: Float32Array): Float32Array {
  requireSameSize(x, y)
  const out = new Float32Array(x.length)
  for (let i = 0; i < out.length; i++) out[i] = a * (x[i] as number) + b * (y[i] as number)
  return out
}

/** a·x + b·y + c·z, float32 of x's size. */
export function combine3(
  a: number,
  x: Float32Array,
  b: number,
  y: Float32Array,
  c: number,
  z: Float32Array,
): Float32Array {
  requireSameSize(x, y)
  requireSameSize(x, z)
  const out = new Float32Array(x.length)
  for (let i = 0; i < out.length; i++) out[i] = a * (x[i] as number) + b * (y[i] as number) + c * (z[i] as number)
  return out
}

/** a·x, float32 of x's size. */
export function scale(a: number, x: Float32Array): Float32Array {
  const out = new Float32Array(x.length)
  for (let i = 0; i < out.length; i++) out[i] = a * (x[i] as number)
  return out
}

/** Σ aᵢ·xᵢ over any number of terms, float32 of the first one's size. */
export function combine(terms: readonly (readonly [number, Float32Array])[]): Float32Array {
  const size = terms[0]?.[1].length ?? 0
  const sum = new Float64Array(size)
  for (const [factor, x] of terms) {
    if (x.length !== size) throw new RangeError(`Latents of one step have one size, got ${size} and ${x.length}`)
    for (let i = 0; i < size; i++) sum[i] = (sum[i] as number) + factor * (x[i] as number)
  }
  return Float32Array.from(sum)
}

function requireSameSize(x: Float32Array, y: Float32Array): void {
  if (x.length !== y.length) throw new RangeError(`Latents of one step have one size, got ${x.length} and ${y.length}`)
}
