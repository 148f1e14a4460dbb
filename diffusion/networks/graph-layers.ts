// The linear and convolution layers of an exported graph by the module path torch's exporter left in the names, and how the weight
// of each is stored. That path is the only thing a LoRA file and a graph have in common.
import type { Initializer, OnnxGraph } from '../onnx/graph.ts'

export interface GraphLayer {
  /** As in the graph, for errors. */
  readonly name: string
  readonly weight: Initializer
  /** `out-first` as torch keeps them, [out, in, ...kernel]; `in-first` as MatMul wants them, [in, out]. */
  readonly order: 'out-first' | 'in-first'
}

const WEIGHT_OPS = new Set(['MatMul', 'Gemm', 'Conv'])

/** Layers by module path with underscores: `down_blocks_0_attentions_0_proj_in`. */
export function graphLayers(graph: OnnxGraph): Map<string, GraphLayer> {
  const castFrom = new Map<string, string>()
  for (const { op, inputs, outputs } of graph.nodes) {
    const [from = ''] = inputs
    const [to = ''] = outputs
    if (op === 'Cast' && graph.initializers.has(from)) castFrom.set(to, from)
  }
  const initializer = (name: string) => graph.initializers.get(castFrom.get(name) ?? name)
  const layers = new Map<string, GraphLayer>()
  for (const { op, name, inputs, transB } of graph.nodes) {
    if (!WEIGHT_OPS.has(op)) continue
    const weight = initializer(inputs[1] ?? '')
    if (weight === undefined || weight.dims.length < 2) continue
    const isOutFirst = op === 'Conv' || (op === 'Gemm' && transB)
    // Exporters that keep no module path in a node's name keep it in its weight's.
    const path = modulePath(name.includes('/') ? name.replace(/\/[^/]+$/, '') : weight.name.replace(/\.weight$/, ''))
    layers.set(path, { name: name || weight.name, weight, order: isOutFirst ? 'out-first' : 'in-first' })
  }
  return layers
}

/** Without the names wrappers add in front: optimum's and our exporter's `model`, CLIP's `text_model`. */
const modulePath = (name: string): string =>
  name
    .replaceAll(/[./]/g, '_')
    .replace(/^_+/, '')
    .replace(/^(?:model_|unet_|text_encoder_|text_model_)+/, '')
