// The reader of ONNX files on real ones and on damaged ones.
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { graphLayers } from '#diffusion/networks/graph-layers.ts'
import { elementCount, readGraph } from '#diffusion/onnx/graph.ts'
import { effort } from '#test/harness/effort.ts'

const unet = new Uint8Array(readFileSync(new URL('../../golden/models/sd1/unet/model.onnx', import.meta.url)))

describe('an ONNX graph', () => {
  test('gives its layers by module path, and where their weights lie', () => {
    const graph = readGraph(unet)
    const layers = graphLayers(graph)
    // torch stores [out, in]; the exporter turns the weight of a linear layer without bias round for MatMul.
    expect(layers.get('conv_in')).toMatchObject({ order: 'out-first', weight: { dims: [8, 4, 3, 3] } })
    const q = layers.get('down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q')
    expect(q).toMatchObject({ order: 'in-first', weight: { dims: [16, 16] } })
    const place = q?.weight.place
    expect(place && place.end - place.start).toBe(elementCount([16, 16]) * 4)
  })

  test('that is damaged is refused with the rule, in bounded time', () => {
    expect(() => readGraph(new Uint8Array())).toThrow('has a graph, this file has none')
    expect(() => readGraph(unet.subarray(0, 1000))).toThrow('outside its message')
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(4_000), fc.nat(255)), { minLength: 1, maxLength: 6 }), (edits) => {
        const bytes = unet.slice()
        for (const [at, value] of edits) bytes[at] = value
        try {
          graphLayers(readGraph(bytes))
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError)
        }
      }),
      { numRuns: effort(300) },
    )
  })
})
