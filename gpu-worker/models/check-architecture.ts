// Whether the pipelines can run what a model says it is. Read from `model_index.json` before gigabytes are fetched.
import { z } from 'zod'
import type { ModelManifest } from '#contracts/model-manifest.ts'
import { AddModelError, type SourceFile } from './model-sources.ts'

const indexSchema = z.looseObject({ _class_name: z.string().max(200) })

/** What runs, by diffusers' class without its task and runtime: OnnxStableDiffusionInpaintPipeline is StableDiffusion. */
const ARCHITECTURES = ['StableDiffusion', 'StableDiffusionXL', 'LatentConsistencyModel'] as const
export type Architecture = (typeof ARCHITECTURES)[number]

const RUNS = 'Stable Diffusion 1.x and 2.x, SDXL and latent consistency models, exported to ONNX'

/** @throws AddModelError naming the class and what runs. */
export function readArchitecture(modelIndex: unknown, files: readonly SourceFile[]): Architecture {
  const parsed = indexSchema.safeParse(modelIndex)
  if (!parsed.success)
    throw new AddModelError('model_index.json names no _class_name, so this is not a diffusers model')
  const { _class_name: className } = parsed.data
  const plain = className.replace(/^(?:Onnx|ORT)/, '').replace(/(?:Img2Img|Inpaint|Legacy)*Pipeline$/, '')
  const architecture = ARCHITECTURES.find((known) => known === plain)
  if (architecture === undefined) throw new AddModelError(`This model is a ${className}; what runs here is ${RUNS}`)
  if (!files.some(({ path }) => path === 'unet/model.onnx')) throw new AddModelError(missingGraph(className, files))
  return architecture
}

function missingGraph(className: string, files: readonly SourceFile[]): string {
  const graph = files.find(({ path }) => /^unet\/.*\.onnx$/.test(path))
  if (graph !== undefined)
    return `This ${className} has ${graph.path} and no unet/model.onnx, the float32 graph workers run; export that as well`
  const weights = files.find(({ path }) => /\.(?:safetensors|bin|ckpt)$/.test(path))
  return weights === undefined
    ? `This ${className} has no unet/model.onnx`
    : `This ${className} holds PyTorch weights (${weights.path}); npm run models -- convert makes a model of them (docs/models.md)`
}

export interface FamilyFacts {
  readonly architecture: Architecture
  /** Width of the text embeddings the U-Net attends to. */
  readonly textWidth: number | undefined
}

/** Widths are CLIP ViT-L's 768 and OpenCLIP ViT-H's 1024, which the two generations differ by. */
export function familyOf({ architecture, textWidth }: FamilyFacts): ModelManifest['family'] {
  if (architecture === 'StableDiffusionXL') return 'sdxl'
  if (architecture === 'LatentConsistencyModel') return 'lcm'
  return textWidth === 1024 ? 'sd2' : 'sd1'
}

/** What suits a family where its author says nothing: the samplers and scales its papers and model cards use. */
export const FAMILY_DEFAULTS: Readonly<Record<ModelManifest['family'], ModelManifest['defaults']>> = {
  dewpoint: { steps: 25, guidanceScale: 4, sampler: 'ddim', schedule: 'automatic' },
  sd1: { steps: 25, guidanceScale: 7.5, sampler: 'dpmpp-2m', schedule: 'karras' },
  sd2: { steps: 25, guidanceScale: 7.5, sampler: 'dpmpp-2m', schedule: 'karras' },
  sdxl: { steps: 30, guidanceScale: 6, sampler: 'dpmpp-2m', schedule: 'karras' },
  lcm: { steps: 4, guidanceScale: 8.5, sampler: 'lcm', schedule: 'automatic' },
}
