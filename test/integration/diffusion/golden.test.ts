// Whole pipelines against diffusers: same weights, same noise, same scheduler config. Latents within 1e-4 of the largest value
// (two float32 engines summing convolutions in different orders), pixels within 1 of 255 (a value on the edge of rounding).
import { afterAll, describe, test } from 'vitest'
import { expectGolden } from './expect-golden.ts'
import { runGolden } from './golden-run.ts'
import { loadTiny, readGoldens, TINY_MODELS } from './tiny-models.ts'

describe.each(TINY_MODELS)('%s against diffusers', (name) => {
  const golden = readGoldens(name)
  const pipeline = loadTiny(name)
  afterAll(async () => (await pipeline).dispose())

  test.each(golden.cases)('$name: the same latents and pixels', async (goldenCase) => {
    expectGolden(golden, goldenCase, await runGolden(await pipeline, name, golden, goldenCase), 1e-4)
  })
})
