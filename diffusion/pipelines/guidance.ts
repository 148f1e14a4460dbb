// Classifier-free guidance (Ho & Salimans, arXiv 2207.12598).

/** `unconditional + scale * (conditional - unconditional)`, float32 [size]. 0 follows the negative prompt alone. */
export function guide(conditional: Float32Array, unconditional: Float32Array, scale: number): Float32Array {
  const guided = new Float32Array(conditional.length)
  for (let i = 0; i < guided.length; i++) {
    const base = unconditional[i] ?? 0
    guided[i] = base + scale * ((conditional[i] ?? 0) - base)
  }
  return guided
}
