// A model's manifest, `dewpoint.json` beside its `model_index.json`: what it is, what suits it, and the hash of every file.
// The weights themselves follow the Hugging Face diffusers ONNX layout; this file adds only what that layout does not say.
import { z } from 'zod'
import { sha256Schema } from './recipe.ts'
import { MODEL_SETTINGS } from './settings.ts'

/** A folder name under models/: no slash and no leading dot, so it cannot name a folder elsewhere. */
const modelIdSchema = z.string().regex(/^[a-z0-9][a-z0-9._-]*$/)

export const modelManifestSchema = z.strictObject({
  manifestVersion: z.literal(1),
  /** Folder name under models/, used in recipes and URLs. */
  id: modelIdSchema,
  name: z.string().min(1),
  summary: z.string().min(1),
  license: z.string().min(1),
  family: z.enum(['dewpoint', 'sd1', 'sd2', 'sdxl', 'lcm']),
  /** Sizes offered in the Studio, first is the default. `fixed`: the graphs accept no other. */
  sizes: z.array(z.strictObject({ width: z.int(), height: z.int() })).min(1),
  fixedSize: z.boolean(),
  defaults: z.strictObject(MODEL_SETTINGS),
  /** Linear map from one latent pixel to RGB in 0..1: rgb = bias + latent · weights, and the fit's PSNR in dB. */
  latentRgb: z.strictObject({
    weights: z.array(z.tuple([z.number(), z.number(), z.number()])).min(1),
    bias: z.tuple([z.number(), z.number(), z.number()]),
    psnrDb: z.number(),
  }),
  examples: z.array(z.string()).min(1),
  /** What the U-Net predicts. Absent, as the next two: a manifest from before they were kept. */
  predictionType: z.enum(['epsilon', 'v_prediction', 'sample']).optional(),
  /** `scalar`: one timestep for a whole batch, so requests at different steps cannot share a call; `vector`: one a row. */
  timestep: z.enum(['scalar', 'vector']).optional(),
  /** Windows of text (chunks of the prompt) the U-Net is fixed to; null: a prompt may be any number of windows long. */
  textWindows: z.int().positive().nullable().optional(),
  /** Words that call up what it was trained on, where its author names any. */
  triggerWords: z.array(z.string().min(1)).optional(),
  /** Where it was fetched from. */
  source: z.strictObject({ repo: z.string(), revision: z.string() }).optional(),
  /**
   * Every file of the model, by path relative to its folder. `from`: the installed model beside it that holds the file under the
   * same path, where two share one and it lies on the disk once. `weights`: of a graph, the files that hold weights it does not
   * hold itself, such as `unet/model.onnx` of a second precision.
   */
  files: z.record(
    z.string(),
    z.strictObject({
      sha256: sha256Schema,
      sizeBytes: z.int().nonnegative(),
      from: modelIdSchema.optional(),
      weights: z.array(z.string()).optional(),
    }),
  ),
  /**
   * Bytes of the largest tensor in each graph, by file: what a graphics card has to give in one piece, checked before a browser
   * downloads it. A graph without a figure is taken to be one piece.
   */
  largestTensorBytes: z.record(z.string(), z.int().nonnegative()).optional(),
  /** SHA-256 over the lines `path sha256\n` in path order: the hash a recipe names. */
  hash: sha256Schema,
})

export type ModelManifest = z.infer<typeof modelManifestSchema>
