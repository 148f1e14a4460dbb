// ComfyUI's editor file (`workflow`) → the graph form, for the stock nodes whose widgets' order is known. Used where a picture holds
// only the drawing and not what was run.
import { asRecord, type JsonRecord, listField, textField } from '../json.ts'
import type { ComfyGraph, ComfyNode } from './comfyui-graph.ts'

/** Widget order of ComfyUI's own nodes; `-` is the editor's "after generate" control, which no node has as an input. */
const WIDGETS: Readonly<Record<string, readonly string[]>> = {
  KSampler: ['seed', '-', 'steps', 'cfg', 'sampler_name', 'scheduler', 'denoise'],
  KSamplerAdvanced: [
    'add_noise',
    'noise_seed',
    '-',
    'steps',
    'cfg',
    'sampler_name',
    'scheduler',
    'start_at_step',
    'end_at_step',
  ],
  SamplerCustom: ['add_noise', 'noise_seed', '-', 'cfg'],
  KSamplerSelect: ['sampler_name'],
  BasicScheduler: ['scheduler', 'steps', 'denoise'],
  RandomNoise: ['noise_seed', '-'],
  CFGGuider: ['cfg'],
  CheckpointLoaderSimple: ['ckpt_name'],
  UNETLoader: ['unet_name', 'weight_dtype'],
  CLIPTextEncode: ['text'],
  EmptyLatentImage: ['width', 'height', 'batch_size'],
  EmptySD3LatentImage: ['width', 'height', 'batch_size'],
  LoraLoader: ['lora_name', 'strength_model', 'strength_clip'],
  VAELoader: ['vae_name'],
  PrimitiveNode: ['value', '-'],
}
const NODES_MAX = 10_000

export function workflowToGraph(workflow: JsonRecord): ComfyGraph {
  /** Link id → the node it comes from, and its slot. */
  const sources = new Map<number, readonly [string, number]>()
  for (const link of listField(workflow, 'links').slice(0, NODES_MAX * 10)) {
    if (!Array.isArray(link)) continue
    const [id, from, slot] = link as unknown[]
    if (typeof id === 'number' && (typeof from === 'number' || typeof from === 'string')) {
      sources.set(id, [String(from), typeof slot === 'number' ? slot : 0])
    }
  }
  const graph = new Map<string, ComfyNode>()
  for (const node of listField(workflow, 'nodes').slice(0, NODES_MAX)) {
    const record = asRecord(node)
    const id = textField(record, 'id')
    const type = textField(record, 'type')
    if (id === undefined || type === undefined) continue
    const inputs: Record<string, unknown> = {}
    const values = listField(record, 'widgets_values')
    WIDGETS[type]?.forEach((name, index) => {
      if (name !== '-' && index < values.length) inputs[name] = values[index]
    })
    for (const input of listField(record, 'inputs').slice(0, 100)) {
      const entry = asRecord(input)
      const name = textField(entry, 'name')
      const link = entry?.link
      const source = typeof link === 'number' ? sources.get(link) : undefined
      if (name !== undefined && name !== '__proto__' && source !== undefined) inputs[name] = source
    }
    graph.set(id, { type, inputs })
  }
  return graph
}
