// A real, small tokenizer for prompt tests: whole words and commas, nine tokens of body per chunk unless said otherwise.
import { Tokenizer } from '@huggingface/tokenizers'

const WORDS =
  'a b c d e f g h i j k l m n o p q r s t u v w x y z red green blue cat dog panda tacos beach at 10 30 café the on'

export function wordTokenizer(bodyLength = 9) {
  const vocabulary = ['<pad>', '<unk>', '<eos>', ',', ...WORDS.split(' ')]
  const tokenizer = new Tokenizer(
    {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: [],
      normalizer: { type: 'Lowercase' },
      pre_tokenizer: { type: 'Split', pattern: { Regex: '[^\\s,()\\[\\]{}]+|,' }, behavior: 'Removed', invert: true },
      post_processor: null,
      decoder: null,
      model: {
        type: 'WordLevel',
        vocab: Object.fromEntries(vocabulary.map((word, id) => [word, id])),
        unk_token: '<unk>',
      },
    },
    { tokenizer_class: 'PreTrainedTokenizerFast', unk_token: '<unk>' },
  )
  const tokenize = (text: string): number[] => tokenizer.encode(text, { add_special_tokens: false }).ids
  return {
    bodyLength,
    length: bodyLength + 2,
    tokenize,
    tokenText: (id: number): string => tokenizer.id_to_token(id) ?? '',
    idOf: (word: string): number => vocabulary.indexOf(word),
    /** One start token, the body, padding: as CLIP frames, with other numbers. */
    frame: (body: readonly number[]): Int32Array => {
      if (body.length > bodyLength) throw new RangeError(`One chunk holds ${bodyLength}, got ${body.length}`)
      const framed = new Int32Array(bodyLength + 2)
      framed.set([2, ...body, 2])
      return framed
    },
  }
}
