// NovelAI: PNG texts or EXIF with a JSON `Comment`, or the same hidden in the pixels' lowest bits. Its prompts have braces of their own.

import { fromNovelAi } from '../foreign-prompt.ts'
import type { ForeignRecipe, PromptTranslation } from '../foreign-recipe.ts'
import { ignored, REASONS } from '../foreign-recipe.ts'
import { type JsonRecord, listField, numberField, parseForeignRecord, recordField, textField } from '../json.ts'
import type { Texts } from './texts.ts'

export function readNovelAi(texts: Texts): ForeignRecipe | undefined {
  const description = texts.get('Description')
  for (const text of [texts.get('Comment', 'comment') ?? '', ...texts.candidates]) {
    if (!isNovelAi(texts, text)) continue
    const record = parseForeignRecord(text)
    if (record === undefined) continue
    // WebP and stealth copies wrap the Comment in a record of all texts.
    const inner = textField(record, 'Comment')
    const comment = inner === undefined ? record : parseForeignRecord(inner)
    if (comment === undefined || numberField(comment, 'steps', 'scale') === undefined) continue
    return fromComment(
      comment,
      textField(record, 'Description') ?? description,
      textField(record, 'Source') ?? texts.get('Source'),
    )
  }
  return undefined
}

function isNovelAi(texts: Texts, text: string): boolean {
  if (!text.trimStart().startsWith('{')) return false
  return texts.get('Software') === 'NovelAI' || /"(uc|v4_prompt|noise_schedule|request_type)\\?"|NovelAI/.test(text)
}

function fromComment(comment: JsonRecord, description: string | undefined, source: string | undefined): ForeignRecipe {
  const positive = caption(comment, 'v4_prompt') ?? textField(comment, 'prompt') ?? description
  const negative = caption(comment, 'v4_negative_prompt') ?? textField(comment, 'uc', 'negative_prompt')
  const prompt = positive === undefined ? undefined : fromNovelAi(positive)
  const negativePrompt = negative === undefined ? undefined : fromNovelAi(negative)
  const reason = "NovelAI's braces are weights of 1.05 each, rewritten; its round brackets are plain text"
  const translations: PromptTranslation[] = []
  if (prompt?.changed) translations.push({ field: 'prompt', from: positive ?? '', reason })
  if (negativePrompt?.changed) translations.push({ field: 'negativePrompt', from: negative ?? '', reason })
  const characters = listField(recordField(recordField(comment, 'v4_prompt'), 'caption'), 'char_captions')
  const rescale = numberField(comment, 'cfg_rescale')
  return {
    dialect: 'novelai',
    software: source ?? 'NovelAI',
    prompt: prompt?.text,
    negativePrompt: negativePrompt?.text,
    translations,
    seed: numberField(comment, 'seed'),
    steps: numberField(comment, 'steps'),
    sampler: textField(comment, 'sampler'),
    schedule: textField(comment, 'noise_schedule'),
    guidanceScale: numberField(comment, 'scale'),
    width: numberField(comment, 'width'),
    height: numberField(comment, 'height'),
    strength: numberField(comment, 'strength'),
    // 0 is off.
    guidanceRescale: rescale === 0 ? undefined : rescale,
    // "Stable Diffusion 1D44365E", "NovelAI Diffusion V4 37442FCA": a name and a hash of their own.
    model: source === undefined ? undefined : { name: source },
    ignored: [
      ...(characters.length === 0
        ? []
        : [ignored('Characters', characters, 'Prompts per character are not placed here')]),
      ...(comment.sm === true || comment.sm_dyn === true ? [ignored('SMEA', 'on', REASONS.unknown)] : []),
      ...(comment.dynamic_thresholding === true ? [ignored('Decrisper', 'on', REASONS.unknown)] : []),
    ],
    problems: [],
  }
}

function caption(comment: JsonRecord, key: string): string | undefined {
  return textField(recordField(recordField(comment, key), 'caption'), 'base_caption')
}
