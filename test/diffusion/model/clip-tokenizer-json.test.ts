import { describe, expect, test } from 'vitest'
import { clipTokenizerJson } from '#diffusion/model/clip-tokenizer-json.ts'
import { forJavaScript } from '#diffusion/model/tokenizer-json.ts'

const VOCAB = { a: 0, b: 1, 'ab</w>': 2, '<|startoftext|>': 3, '<|endoftext|>': 4 }

describe('clipTokenizerJson', () => {
  test('takes merges in order, without the version line', () => {
    const { model, post_processor } = clipTokenizerJson(VOCAB, '#version: 0.2\na b</w>\na a\n')
    expect(model.merges).toEqual([
      ['a', 'b</w>'],
      ['a', 'a'],
    ])
    expect(post_processor.sep).toEqual(['<|endoftext|>', 4])
  })

  test('refuses a vocabulary that is not CLIP’s', () => {
    expect(() => clipTokenizerJson({ a: 0 }, '')).toThrow(/holds <\|startoftext\|>, this one does not/)
  })

  test('refuses a merge that is no pair', () => {
    expect(() => clipTokenizerJson(VOCAB, 'a b c')).toThrow(/two tokens with a space between, got "a b c"/)
  })
})

describe('forJavaScript', () => {
  test('says white space as Unicode means it, also inside classes, and leaves an escaped backslash alone', () => {
    const json = { pre_tokenizer: { type: 'Split', pattern: { Regex: '[^\\s\\S]|\\\\s' } } }
    expect(forJavaScript(json).pre_tokenizer).toMatchObject({
      pattern: { Regex: '[^\\p{White_Space}\\P{White_Space}]|\\\\s' },
    })
  })

  test('keeps everything but normalizer and pre-tokenizer as it was', () => {
    const json = { model: { vocab: { '\\s': 1 } }, normalizer: null, decoder: { type: 'ByteLevel' } }
    expect(forJavaScript(json)).toMatchObject(json)
  })
})
