// Which files of a repository make up a model in our layout, by their names. Names come from strangers.
import { AddModelError, type SourceFile } from './model-sources.ts'

const COMPONENTS = ['text_encoder', 'text_encoder_2', 'unet', 'vae_decoder', 'vae_encoder', 'preview_decoder']
const TOKENIZERS = ['tokenizer', 'tokenizer_2']
const TOKENIZER_FILES = new Set([
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'vocab.json',
  'merges.txt',
])
const TOP_FILES = new Set(['model_index.json', 'dewpoint.json', 'README.md', 'LICENSE', 'LICENSE.md', 'LICENSE.txt'])
/** The precisions our loaders know by the file's suffix; the plain one is what a worker runs. */
const OTHER_PRECISION = /^model[._](?:fp16|int8|quantized|q4|bnb4|uint8|q4f16|fp32)\b/

const PATH_LENGTH_MAX = 300
const PART = /^[A-Za-z0-9_][A-Za-z0-9_.+() -]*$/

/** @throws AddModelError naming the path and the rule: a name is never cleaned, since it would no longer be the one hashed. */
export function requireSafePath(path: string): void {
  const parts = path.split('/')
  const isSafe = path.length <= PATH_LENGTH_MAX && parts.every((part) => PART.test(part) && !part.endsWith('.'))
  if (!isSafe)
    throw new AddModelError(
      `${JSON.stringify(path)} is no file name that is written here: letters, digits, spaces and . _ + - ( ), inside the model's folder`,
    )
}

/**
 * What to fetch of `files`: graphs with their weights, configs, tokenizers, and what states the licence. PyTorch's weights, safety
 * checkers and pictures stay where they are.
 * @param allPrecisions also float16 and int8 graphs beside the plain ones, which browsers may take instead.
 */
export function chooseFiles(files: readonly SourceFile[], allPrecisions: boolean): SourceFile[] {
  const chosen = files.filter(({ path }) => isWanted(path, allPrecisions))
  for (const { path } of chosen) requireSafePath(path)
  return chosen.sort((a, b) => (a.path < b.path ? -1 : 1))
}

function isWanted(path: string, allPrecisions: boolean): boolean {
  const [folder = '', name, ...deeper] = path.split('/')
  if (name === undefined) return TOP_FILES.has(folder)
  // A traversal such as unet/../../x is wanted, so that it is refused by its name instead of passed over.
  if (deeper.length > 0) return path.includes('..')
  if (folder === 'scheduler') return name === 'scheduler_config.json'
  if (TOKENIZERS.includes(folder)) return TOKENIZER_FILES.has(name)
  if (!COMPONENTS.includes(folder)) return folder === '..'
  if (!allPrecisions && OTHER_PRECISION.test(name)) return false
  return name === 'config.json' || isGraph(name) || isGraphData(name)
}

const isGraph = (name: string): boolean => name.endsWith('.onnx')

/** Optimum writes `model.onnx_data`, diffusers' first script `weights.pb`, others `model.onnx.data`. */
const isGraphData = (name: string): boolean => /\.onnx[._]data(?:[._]?\d+)?$|\.pb$|\.data$/.test(name)
