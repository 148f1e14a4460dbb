// RuinedFooocus: flat JSON in `parameters` that names itself (runew0lf/RuinedFooocus, modules/async_worker.py).
import type { ForeignRecipe } from '../foreign-recipe.ts'
import { ignored, REASONS } from '../foreign-recipe.ts'
import { listField, numberField, parseForeignRecord, textField } from '../json.ts'
import type { Texts } from './texts.ts'

export function readRuinedFooocus(texts: Texts): ForeignRecipe | undefined {
  for (const text of texts.candidates) {
    if (!text.includes('RuinedFooocus')) continue
    const record = parseForeignRecord(text)
    if (record === undefined || textField(record, 'software') !== 'RuinedFooocus') continue
    // Each LoRA is its hash and "weight - name"; older files have one text for all.
    const loras = listField(record, 'loras').map((lora) => String(Array.isArray(lora) ? lora[1] : lora))
    const joined = loras.length > 0 ? loras.join(', ') : (textField(record, 'loras') ?? '').replace(/^Loras:/, '')
    return {
      dialect: 'ruinedfooocus',
      software: 'RuinedFooocus',
      prompt: textField(record, 'Prompt', 'prompt'),
      negativePrompt: textField(record, 'Negative', 'negative'),
      seed: numberField(record, 'seed'),
      steps: numberField(record, 'steps'),
      sampler: textField(record, 'sampler_name'),
      schedule: textField(record, 'scheduler'),
      guidanceScale: numberField(record, 'cfg'),
      width: numberField(record, 'width'),
      height: numberField(record, 'height'),
      strength: numberField(record, 'denoise'),
      noise: 'mt19937',
      model: { name: textField(record, 'base_model_name'), hash: textField(record, 'base_model_hash') },
      ignored: [
        ...(joined === '' ? [] : [ignored('LoRA', joined, REASONS.network)]),
        ...((numberField(record, 'clip_skip') ?? 1) > 1
          ? [ignored('Clip skip', record.clip_skip, REASONS.clipSkip)]
          : []),
      ],
      problems: [],
    }
  }
  return undefined
}
