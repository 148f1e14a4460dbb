// Token ids of 10,000 generated prompts (emoji, every script, control characters, broken syntax) against transformers, which made
// the hashes in test/golden/tokenizers.json; through the loader models are loaded with.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { loadTokenizer } from '#diffusion/model/tokenizer.ts'
import type { ModelFiles } from '#diffusion/runtime/runtime.ts'
import { readGolden } from '#test/golden/read-golden.ts'
import { clipFiles, filesOf, lines } from '#test/golden/tokenizers/clip-files.ts'
import { type Fragments, generatePrompt } from '#test/golden/tokenizers/prompts.ts'
import { effort } from '#test/harness/effort.ts'

const golden = readGolden<{
  prompts: number
  block: number
  fragments: Fragments
  tokenizers: Record<string, { idsTotal: number; blocks: string[]; first: number[][] }>
}>('tokenizers.json')

/** BERT's, as MiniLM ships it. */
function bertFiles(): ModelFiles {
  const vocab = lines('bert-vocab.txt.gz')
  const special = (token: string) => ({ [token]: { id: token, ids: [vocab.indexOf(token)], tokens: [token] } })
  return filesOf({
    'tokenizer/tokenizer_config.json': JSON.stringify({ pad_token: '[PAD]', model_max_length: 128 }),
    'tokenizer/tokenizer.json': JSON.stringify({
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'].map((content) => ({
        id: vocab.indexOf(content),
        content,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: true,
      })),
      normalizer: {
        type: 'BertNormalizer',
        clean_text: true,
        handle_chinese_chars: true,
        strip_accents: null,
        lowercase: true,
      },
      pre_tokenizer: { type: 'BertPreTokenizer' },
      post_processor: {
        type: 'TemplateProcessing',
        single: [
          { SpecialToken: { id: '[CLS]', type_id: 0 } },
          { Sequence: { id: 'A', type_id: 0 } },
          { SpecialToken: { id: '[SEP]', type_id: 0 } },
        ],
        pair: [],
        special_tokens: { ...special('[CLS]'), ...special('[SEP]') },
      },
      decoder: null,
      model: {
        type: 'WordPiece',
        unk_token: '[UNK]',
        continuing_subword_prefix: '##',
        max_input_chars_per_word: 100,
        vocab: Object.fromEntries(vocab.map((token, id) => [token, id])),
      },
    }),
  })
}

function modelFiles(model: string): ModelFiles {
  const read = (path: string) => readFileSync(new URL(`../../${model}/${path}`, import.meta.url), 'utf8')
  const names = readdirSync(new URL(`../../${model}/tokenizer`, import.meta.url)).map((name) => `tokenizer/${name}`)
  return filesOf(Object.fromEntries(names.map((name) => [name, read(name)])))
}

function filesFor(name: string): ModelFiles {
  if (name === 'clip') return clipFiles()
  return name === 'bert' ? bertFiles() : modelFiles(name)
}

test.each(Object.keys(golden.tokenizers))(
  `%s tokenizes ${effort(golden.prompts)} prompts as transformers does`,
  async (name) => {
    const { blocks, first, idsTotal } = golden.tokenizers[name] ?? { blocks: [], first: [], idsTotal: 0 }
    const tokenizer = await loadTokenizer(filesFor(name), 'tokenizer', 512)
    const [before, after] = specialsOf(tokenizer.frame([]), first)
    const encode = (index: number) => [
      ...before,
      ...tokenizer.tokenize(generatePrompt(index, golden.fragments)),
      ...after,
    ]

    for (const [index, ids] of first.entries()) expect(encode(index)).toEqual(ids)
    let total = 0
    const different: number[] = []
    for (const [block, expected] of blocks.slice(0, effort(blocks.length)).entries()) {
      const hash = createHash('sha256')
      for (let index = block * golden.block; index < (block + 1) * golden.block; index++) {
        const ids = encode(index)
        total += ids.length
        hash.update(`${ids.join(',')}\n`)
      }
      if (hash.digest('hex').slice(0, expected.length) !== expected) different.push(block)
    }
    expect(different, 'blocks of 100 prompts that differ').toEqual([])
    if (effort(blocks.length) >= blocks.length) expect(total).toBe(idsTotal)
    expect(blocks.length * golden.block).toBe(golden.prompts)
  },
)

/** The special tokens around an empty text, told from padding by the goldens' own frame. */
function specialsOf(frame: Int32Array, goldens: readonly (readonly number[])[]): [number[], number[]] {
  const [some = []] = goldens
  const start = frame[0] === some[0] && frame.length > 1 && frame[1] === some.at(-1) ? 1 : 0
  return [[...frame.slice(0, start)], [...frame.slice(start, start + 1)]]
}
