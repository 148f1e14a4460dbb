// Which of a model's files a device needs: configs and tokenizers always, of each graph one precision. Pure.
import type { ModelManifest } from '#contracts/model-manifest.ts'
import type { WeightsVariant } from '../device-engine.ts'

export interface ChosenFile {
  /** Where the core looks for it: `unet/model.onnx` whatever the precision, `unet/model.onnx/<name>` of weights beside that graph. */
  readonly path: string
  /** Where the model has it, such as `unet/model_fp16.onnx`. */
  readonly source: string
  readonly sha256: string
  readonly sizeBytes: number
}

export interface ChosenFiles {
  /** Precision of the U-Net, which is nearly all of the time and most of the bytes. */
  readonly variant: WeightsVariant
  readonly files: readonly ChosenFile[]
}

/** `<component>/model.onnx`, `model_fp16.onnx` or `model.fp16.onnx`: both spellings are in use. */
const GRAPH = /^([^/]+)\/model(?:[._]([a-z0-9]+))?\.onnx$/
const WEIGHTS_BESIDE_A_GRAPH = /\.onnx[._]data$/

/**
 * @param preference precisions this device can compute in, best first.
 * @throws RangeError naming the part of the model that has none of them.
 */
export function chooseFiles(manifest: ModelManifest, preference: readonly WeightsVariant[]): ChosenFiles {
  const graphs = new Map<string, Map<string, string>>()
  const files: ChosenFile[] = []
  for (const [path, file] of Object.entries(manifest.files)) {
    const [, component, dtype = ''] = GRAPH.exec(path) ?? []
    if (component === undefined) {
      if (!WEIGHTS_BESIDE_A_GRAPH.test(path)) files.push({ path, source: path, ...file })
      continue
    }
    const offered = graphs.get(component) ?? new Map<string, string>()
    graphs.set(component, offered.set(dtype, path))
  }
  let variant: WeightsVariant = ''
  for (const [component, offered] of graphs) {
    const dtype = preference.find((candidate) => offered.has(candidate))
    const source = dtype === undefined ? undefined : offered.get(dtype)
    const file = source === undefined ? undefined : manifest.files[source]
    if (dtype === undefined || source === undefined || file === undefined) {
      const names = [...offered.keys()].map((name) => (name === '' ? 'fp32' : name)).join(', ')
      throw new RangeError(`${component} comes as ${names}, none of which this device computes in`)
    }
    if (component === 'unet') variant = dtype
    const path = `${component}/model.onnx`
    files.push({ path, source, ...file })
    for (const beside of file.weights ?? []) {
      const weights = manifest.files[beside]
      if (weights === undefined) throw new RangeError(`${source} keeps its weights in ${beside}, which is not there`)
      files.push({ path: `${path}/${beside.slice(component.length + 1)}`, source: beside, ...weights })
    }
  }
  return { variant, files: files.sort((a, b) => (a.path < b.path ? -1 : 1)) }
}

export const bytesOf = (files: readonly ChosenFile[]): number => files.reduce((sum, file) => sum + file.sizeBytes, 0)
