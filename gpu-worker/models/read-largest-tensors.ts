// The largest tensor in each graph of a model, which a manifest keeps for browsers: a graphics card has to give it in one piece.
// Reading the graphs for it also finds weight files that are missing.
import type { ModelManifest } from '#contracts/model-manifest.ts'
import { elementCount, ONNX_FLOAT16, readGraph } from '#diffusion/onnx/graph.ts'
import { requireSafePath } from './choose-files.ts'
import type { FolderFiles } from './model-folder.ts'
import { AddModelError } from './model-sources.ts'

/** @throws AddModelError where a graph names a weight file that has not come along, or one outside the model. */
export async function readLargestTensors(
  model: FolderFiles,
  paths: readonly string[],
): Promise<NonNullable<ModelManifest['largestTensorBytes']>> {
  const largest: Record<string, number> = {}
  for (const path of paths.filter((one) => one.endsWith('.onnx'))) {
    const graph = readGraph(await model.readBytes(path))
    const folder = path.slice(0, path.lastIndexOf('/') + 1)
    for (const name of graph.externalFiles) {
      requireSafePath(name)
      if (!(await model.has(folder + name)))
        throw new AddModelError(`${path} keeps its weights in ${folder}${name}, which is not there`)
    }
    largest[path] = 0
    for (const { dims, dataType, place } of graph.initializers.values()) {
      const bytes =
        place === undefined ? elementCount(dims) * (dataType === ONNX_FLOAT16 ? 2 : 4) : place.end - place.start
      largest[path] = Math.max(largest[path], bytes)
    }
  }
  return largest
}
