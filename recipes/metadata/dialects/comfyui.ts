// ComfyUI: the graph that was run (`prompt`), or the editor's drawing of it (`workflow`). There is no list of settings: the first
// sampler before the saved picture is looked for, and its inputs are followed upstream. Custom nodes may stay unread; it says so.
import type { ForeignRecipe, Ignored } from '../foreign-recipe.ts'
import { ignored, REASONS } from '../foreign-recipe.ts'
import { asNumber, asRecord, type JsonRecord, parseForeignRecord, textField } from '../json.ts'
import type { ComfyGraph, ComfyNode } from './comfyui-graph.ts'
import { workflowToGraph } from './comfyui-workflow.ts'
import type { Texts } from './texts.ts'

/** Real graphs have up to a thousand nodes. */
const NODES_MAX = 10_000
/** Steps upstream before giving up: reroutes, loaders and conditioning chains together stay far below. */
const WALK_MAX = 2_000

const SAMPLERS =
  /^(KSampler|KSamplerAdvanced|SamplerCustom|SamplerCustomAdvanced)$|^KSampler\b|KSampler$|Sampler.*Efficient/i
const OUTPUTS = /Save|Preview/i

export function readComfyUi(texts: Texts): ForeignRecipe | undefined {
  const prompt = comfyJson(texts, 'prompt')
  const workflow = comfyJson(texts, 'workflow')
  const graph = prompt === undefined ? undefined : promptToGraph(prompt)
  if (graph !== undefined && graph.size > 0) return readGraph(graph)
  const drawn = workflow === undefined ? undefined : workflowToGraph(workflow)
  if (drawn === undefined || drawn.size === 0) return undefined
  return readGraph(drawn)
}

/** PNG texts `prompt` and `workflow`; in other files EXIF values that start with the same words. */
function comfyJson(texts: Texts, kind: 'prompt' | 'workflow'): JsonRecord | undefined {
  const direct = texts.get(kind)
  if (direct !== undefined) return parseForeignRecord(direct)
  for (const { key, text } of texts.entries) {
    if (!key.startsWith('exif:')) continue
    const marked = /^(prompt|workflow)\s*:\s*/i.exec(text.slice(0, 32))
    if (marked?.[1]?.toLowerCase() === kind) return parseForeignRecord(text.slice(marked[0].length))
  }
  for (const text of texts.candidates) {
    if (!/"(class_type|nodes)"\s*:/.test(text)) continue
    const record = parseForeignRecord(text)
    if (record === undefined) continue
    if (kind === 'workflow') return Array.isArray(record.nodes) ? record : undefined
    if (!Array.isArray(record.nodes)) return asRecord(record.prompt) ?? record
  }
  return undefined
}

function promptToGraph(prompt: JsonRecord): ComfyGraph {
  const graph = new Map<string, ComfyNode>()
  for (const [id, node] of Object.entries(prompt).slice(0, NODES_MAX)) {
    const record = asRecord(node)
    const type = textField(record, 'class_type')
    if (type !== undefined) graph.set(id, { type, inputs: asRecord(record?.inputs) ?? {} })
  }
  return graph
}

function readGraph(graph: ComfyGraph): ForeignRecipe {
  const samplers = upstreamOfOutputs(graph).filter(([, node]) => SAMPLERS.test(node.type))
  // The pass that starts from nothing made the picture; later ones refine it.
  const base = samplers.find(([, node]) => latentSource(graph, node) !== undefined) ?? samplers.at(-1)
  if (base === undefined) {
    return {
      dialect: 'comfyui',
      ignored: [],
      problems: ['No sampler was found in the ComfyUI graph; it may be made of custom nodes'],
    }
  }
  const [, sampler] = base
  const helper = (input: string) => linked(graph, sampler.inputs[input])
  const guider = helper('guider')
  const sigmas = helper('sigmas')
  const noise = helper('noise')
  const denoise = number(graph, sampler, 'denoise') ?? number(graph, sigmas, 'denoise')
  const size = latentSource(graph, sampler)
  const positive = promptText(graph, guider?.inputs.positive ?? guider?.inputs.conditioning ?? sampler.inputs.positive)
  const negative = promptText(graph, guider?.inputs.negative ?? sampler.inputs.negative)
  const model = modelOf(graph, sampler.inputs.model ?? guider?.inputs.model)
  return {
    dialect: 'comfyui',
    prompt: positive,
    negativePrompt: negative,
    seed: number(graph, sampler, 'seed', 'noise_seed') ?? number(graph, noise, 'noise_seed', 'seed'),
    steps: number(graph, sampler, 'steps') ?? number(graph, sigmas, 'steps'),
    sampler: text(graph, sampler, 'sampler_name') ?? text(graph, helper('sampler'), 'sampler_name'),
    schedule: text(graph, sampler, 'scheduler') ?? text(graph, sigmas, 'scheduler'),
    guidanceScale: number(graph, sampler, 'cfg') ?? number(graph, guider, 'cfg'),
    width: number(graph, size, 'width'),
    height: number(graph, size, 'height'),
    strength: size === undefined ? denoise : undefined,
    // Its noise is always drawn on the CPU.
    noise: 'mt19937',
    // ComfyUI's weights move embeds along the line from the empty prompt.
    weighting: /\(/.test(`${positive}${negative}`) ? 'compel' : undefined,
    model: model === undefined ? undefined : { name: model },
    ignored: [
      ...ignoredNodes(graph),
      ...(samplers.length > 1 ? [ignored('Further samplers', String(samplers.length - 1), REASONS.secondPass)] : []),
    ],
    problems:
      positive === undefined ? ['The prompt was not found in the ComfyUI graph; it may come from custom nodes'] : [],
  }
}

/** Every node the saved pictures depend on, nearest first; all nodes where nothing is saved. */
function upstreamOfOutputs(graph: ComfyGraph): [string, ComfyNode][] {
  const outputs = [...graph].filter(([, { type }]) => OUTPUTS.test(type))
  const seen = new Set<string>()
  const queue = (outputs.length === 0 ? [...graph] : outputs).map(([id]) => id)
  const found: [string, ComfyNode][] = []
  for (let at = 0; at < queue.length; at++) {
    const id = queue[at] ?? ''
    const node = graph.get(id)
    if (node === undefined || seen.has(id)) continue
    seen.add(id)
    found.push([id, node])
    for (const value of Object.values(node.inputs)) if (isLink(value)) queue.push(String(value[0]))
  }
  return found
}

function isLink(value: unknown): value is [string | number, number] {
  return (
    Array.isArray(value) &&
    value.length === 2 &&
    (typeof value[0] === 'string' || typeof value[0] === 'number') &&
    typeof value[1] === 'number'
  )
}

function linked(graph: ComfyGraph, value: unknown): ComfyNode | undefined {
  return isLink(value) ? graph.get(String(value[0])) : undefined
}

/** Inputs by which small nodes hand a plain value on: primitives, reroutes, seeds, text boxes. */
const VALUE_INPUTS = [
  'value',
  'Value',
  'int',
  'float',
  'number',
  'seed',
  'noise_seed',
  'string',
  'text',
  'String',
  'Text',
  'prompt',
  '',
]

/** An input's plain value, through primitives and reroutes. */
function plain(graph: ComfyGraph, value: unknown): unknown {
  let current = value
  for (let hops = 0; hops < 32 && isLink(current); hops++) {
    const node = linked(graph, current)
    const key = VALUE_INPUTS.find((name) => node !== undefined && Object.hasOwn(node.inputs, name))
    if (node === undefined || key === undefined) return undefined
    current = node.inputs[key]
  }
  return isLink(current) ? undefined : current
}

function number(graph: ComfyGraph, node: ComfyNode | undefined, ...inputs: string[]): number | undefined {
  for (const input of inputs) {
    const found = asNumber(plain(graph, node?.inputs[input]))
    if (found !== undefined) return found
  }
  return undefined
}

function text(graph: ComfyGraph, node: ComfyNode | undefined, input: string): string | undefined {
  const value = plain(graph, node?.inputs[input])
  return typeof value === 'string' ? value : undefined
}

/** The empty latents a sampler starts from, through nodes that only pass latents on. */
function latentSource(graph: ComfyGraph, sampler: ComfyNode): ComfyNode | undefined {
  const inputs = sampler.inputs
  let node = linked(graph, inputs.latent_image ?? inputs.latent ?? inputs.samples)
  for (let hops = 0; hops < 32 && node !== undefined; hops++) {
    if (/^Empty|EmptyLatent/i.test(node.type)) return node
    if (SAMPLERS.test(node.type) || /VAEEncode/i.test(node.type)) return undefined
    node = linked(graph, node.inputs.samples ?? node.inputs.latent ?? node.inputs.latent_image)
  }
  return undefined
}

/** The text behind a conditioning: encoders' own, joined as the nodes between them join embeds. */
function promptText(graph: ComfyGraph, conditioning: unknown): string | undefined {
  let budget = WALK_MAX
  const walk = (value: unknown, depth: number): string | undefined => {
    const node = linked(graph, value)
    if (node === undefined || depth > 32 || --budget < 0) return undefined
    const { type, inputs } = node
    const own = ['text', 'text_g', 'prompt', 't5xxl', 'clip_l', 'text_positive']
      .map((key) => plain(graph, inputs[key]))
      .find(isText)
    if (own !== undefined) {
      const local = plain(graph, inputs.text_l)
      return isText(local) && local !== own ? `${own}, ${local}` : own
    }
    if (/ZeroOut/i.test(type)) return ''
    const parts = [
      'conditioning',
      'conditioning_1',
      'conditioning_2',
      'conditioning_to',
      'conditioning_from',
      'positive',
      'text',
    ]
      .map((key) => walk(inputs[key], depth + 1))
      .filter(isText)
    return parts.length === 0 ? undefined : parts.join(/Concat/i.test(type) ? ' BREAK ' : ' AND ')
  }
  return walk(conditioning, 0)
}

const isText = (value: unknown): value is string => typeof value === 'string'

/** The checkpoint at the end of the model chain. */
function modelOf(graph: ComfyGraph, start: unknown): string | undefined {
  let node = linked(graph, start)
  for (let hops = 0; hops < 64 && node !== undefined; hops++) {
    const name = text(graph, node, 'ckpt_name') ?? text(graph, node, 'unet_name') ?? text(graph, node, 'model_name')
    if (name !== undefined) return name
    node = linked(graph, node.inputs.model)
  }
  const loader = [...graph.values()].find(({ type }) => /^(CheckpointLoader|UNETLoader)/.test(type))
  return loader === undefined ? undefined : (text(graph, loader, 'ckpt_name') ?? text(graph, loader, 'unet_name'))
}

const NODE_GROUPS: readonly (readonly [pattern: RegExp, input: string, name: string, reason: string])[] = [
  [/LoraLoader/i, 'lora_name', 'LoRA', REASONS.network],
  [/ControlNet(Loader|Apply)|IPAdapter|T2I/i, 'control_net_name', 'ControlNet', REASONS.control],
  [/UpscaleModelLoader|LatentUpscale|ImageScale/i, 'model_name', 'Upscaling', REASONS.secondPass],
  [/^VAELoader/i, 'vae_name', 'VAE', REASONS.vae],
  [/CLIPSetLastLayer/i, 'stop_at_clip_layer', 'Clip skip', REASONS.clipSkip],
  [/FaceDetailer|Detailer/i, 'model', 'Detailer', REASONS.detailer],
]

function ignoredNodes(graph: ComfyGraph): Ignored[] {
  return NODE_GROUPS.flatMap(([pattern, input, name, reason]) => {
    const nodes = [...graph.values()].filter(({ type }) => pattern.test(type))
    if (nodes.length === 0) return []
    const values = nodes.map((node) => textField(node.inputs, input) ?? node.type)
    return [ignored(name, [...new Set(values)].join(', '), reason)]
  })
}
