// Variations: a second seed's noise mixed into the first along the sphere the noise lies on.

/**
 * Spherical interpolation from `noise` to `other`, float32 [channels, height, width], as A1111 does it: one angle per channel
 * and column, taken along the height. Source: modules/rng.py slerp, whose norm runs over dimension 1 of [C, H, W].
 */
export function slerpNoise(
  share: number,
  noise: Float32Array,
  other: Float32Array,
  { height, width }: { height: number; width: number },
): Float32Array {
  const channels = noise.length / (height * width)
  const columns = channels * width
  const dots = new Float64Array(columns)
  const at = (column: number, row: number) => (Math.floor(column / width) * height + row) * width + (column % width)
  for (let column = 0; column < columns; column++) {
    let dot = 0
    let squares = 0
    let otherSquares = 0
    for (let row = 0; row < height; row++) {
      const a = noise[at(column, row)] ?? 0
      const b = other[at(column, row)] ?? 0
      dot += a * b
      squares += a * a
      otherSquares += b * b
    }
    dots[column] = dot / Math.sqrt(squares * otherSquares)
  }
  // The same seed twice: the angle is 0 and the sphere's formula would divide by it.
  const parallel = dots.reduce((sum, dot) => sum + dot, 0) / columns > 0.9995
  const mixed = new Float32Array(noise.length)
  for (let column = 0; column < columns; column++) {
    const omega = Math.acos(Math.min(1, Math.max(-1, dots[column] ?? 0)))
    const sine = Math.sin(omega)
    const from = parallel || sine === 0 ? 1 - share : Math.sin((1 - share) * omega) / sine
    const to = parallel || sine === 0 ? share : Math.sin(share * omega) / sine
    for (let row = 0; row < height; row++) {
      mixed[at(column, row)] = from * (noise[at(column, row)] ?? 0) + to * (other[at(column, row)] ?? 0)
    }
  }
  return mixed
}
