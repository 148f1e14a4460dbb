// ComfyUI's graph as it was run: nodes by id, each input a value or a link to another node.
import type { JsonRecord } from '../json.ts'

export interface ComfyNode {
  readonly type: string
  readonly inputs: JsonRecord
}
export type ComfyGraph = ReadonlyMap<string, ComfyNode>
