// One text transformer with its tokenizer: framed token ids → the embeddings the U-Net attends to, and the pooled
// embedding SDXL adds. How a prompt is cut into chunks and weighted is not decided here.
import { z } from 'zod'
import { type Component, type FloatValues, loadComponent } from '../runtime/component.ts'
import { readComponentConfig } from '../runtime/read-config.ts'
import type { LoadPartOptions } from './load-options.ts'
import { loadTokenizer, type TextTokenizer } from './tokenizer.ts'

export interface TextEmbeds {
  /** float32 [length, width]. */
  readonly hidden: Float32Array
  readonly width: number
  /** float32 [pooledWidth], from encoders that project one. */
  readonly pooled: Float32Array | undefined
}

export interface TextEncoder {
  readonly tokenizer: TextTokenizer
  /**
   * @param ids one framed chunk, int32 [length].
   * @param skipLayers layers left off the end, 0 being the final one with its norm ("clip skip" minus one).
   */
  encode(ids: Int32Array, skipLayers: number): Promise<TextEmbeds>
  dispose(): Promise<void>
}

const configSchema = z.looseObject({ max_position_embeddings: z.int().positive().optional() })

/** @param suffix '' for the first encoder and its tokenizer, '_2' for SDXL's second. */
export async function loadTextEncoder(options: LoadPartOptions, suffix: '' | '_2'): Promise<TextEncoder> {
  const name = `text_encoder${suffix}`
  const component = await loadComponent({ ...options, name })
  try {
    const fixed = component.inputs.get('input_ids')?.dims[1]
    const maxLength =
      typeof fixed === 'number'
        ? fixed
        : (await readComponentConfig(options.files, name, configSchema)).max_position_embeddings
    const tokenizer = await loadTokenizer(options.files, `tokenizer${suffix}`, maxLength, options.addedWords?.(name))
    return {
      tokenizer,
      encode: (ids, skipLayers) => encode(component, ids, skipLayers),
      dispose: () => component.dispose(),
    }
  } catch (error) {
    await component.dispose()
    throw error
  }
}

async function encode(component: Component, ids: Int32Array, skipLayers: number): Promise<TextEmbeds> {
  const outputs = await component.run({ input_ids: { dims: [1, ids.length], data: ids } })
  const hidden = hiddenState(component, outputs, skipLayers)
  // `text_embeds` is the projected one; a plain CLIP encoder's `pooler_output` is not projected and SDXL does not use it.
  return { hidden: hidden.data, width: hidden.dims[2] ?? 0, pooled: outputs.text_embeds?.data }
}

/** Layer `skipLayers` from the end; exports list them as `hidden_states.0` (embeddings) to `hidden_states.<layers>`. */
function hiddenState(component: Component, outputs: Record<string, FloatValues>, skipLayers: number): FloatValues {
  const layers = component.outputs.filter(({ name }) => name.startsWith('hidden_states.')).length - 1
  const name = skipLayers === 0 ? 'last_hidden_state' : `hidden_states.${layers - skipLayers}`
  const hidden = outputs[name]
  if (hidden === undefined) {
    throw new RangeError(
      `${component.name} must give ${name} to skip ${skipLayers} layers; it gives ${Object.keys(outputs).join(', ')}`,
    )
  }
  return hidden
}
