// Networks: small files that change a model, LoRAs and textual-inversion embeddings. What is known of an installed one: the JSON
// beside its weights.
import { z } from 'zod'
import { networkKindSchema, networkNameSchema, sha256Schema } from './recipe.ts'

export const networkManifestSchema = z.strictObject({
  manifestVersion: z.literal(1),
  kind: networkKindSchema,
  name: networkNameSchema,
  /** What the file says about itself; empty where it says nothing. */
  summary: z.string(),
  license: z.string().min(1),
  /** Which models it was made for, by the widths of its weights; null where they say nothing. */
  family: z.enum(['sd1', 'sd2', 'sdxl']).nullable(),
  /** Words its training pictures were described with, most used first. */
  triggerWords: z.array(z.string().min(1)).max(20),
  sha256: sha256Schema,
  sizeBytes: z.int().positive(),
})
export type NetworkManifest = z.infer<typeof networkManifestSchema>
