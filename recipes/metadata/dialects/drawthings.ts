// Draw Things: one-letter JSON in the XMP's exif:UserComment.
import type { ForeignRecipe } from '../foreign-recipe.ts'
import { ignored, REASONS } from '../foreign-recipe.ts'
import { listField, numberField, parseForeignRecord, textField } from '../json.ts'
import type { Texts } from './texts.ts'

export function readDrawThings(texts: Texts): ForeignRecipe | undefined {
  for (const text of texts.candidates) {
    if (!/"uc?"\s*:|"c"\s*:/.test(text)) continue
    const record = parseForeignRecord(text)
    if (
      record === undefined ||
      textField(record, 'c') === undefined ||
      numberField(record, 'scale', 'steps') === undefined
    )
      continue
    const size = /^(\d{1,6})x(\d{1,6})$/.exec(textField(record, 'size') ?? '')
    const strength = numberField(record, 'strength')
    const loras = listField(record, 'lora')
    return {
      dialect: 'drawthings',
      software: 'Draw Things',
      prompt: textField(record, 'c')?.trim(),
      negativePrompt: textField(record, 'uc')?.trim(),
      seed: numberField(record, 'seed'),
      steps: numberField(record, 'steps'),
      sampler: textField(record, 'sampler'),
      guidanceScale: numberField(record, 'scale'),
      width: size === null ? undefined : Number(size[1]),
      height: size === null ? undefined : Number(size[2]),
      // 1 is text to image there.
      strength: strength === 1 ? undefined : strength,
      model: { name: textField(record, 'model') },
      ignored: [
        ...(loras.length === 0 ? [] : [ignored('LoRA', loras, REASONS.network)]),
        ...(textField(record, 'seed_mode') === undefined
          ? []
          : [ignored('Seed mode', record.seed_mode, 'Noise is always drawn as a graphics card draws it')]),
      ],
      problems: [],
    }
  }
  return undefined
}
