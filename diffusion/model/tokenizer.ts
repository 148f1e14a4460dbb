// A model's own tokenizer (`tokenizer/tokenizer.json`, or CLIP's older `vocab.json` and `merges.txt`) as the text encoder needs
// it: ids without special tokens, and the frame of special tokens and padding around one chunk of them. The tokenizing itself is
// @huggingface/tokenizers'.
import { Tokenizer } from '@huggingface/tokenizers'
import { z } from 'zod'
import { networkWords } from '#recipes/prompt/networks.ts'
import type { AddedWord } from '../networks/with-networks.ts'
import { readConfig } from '../runtime/read-config.ts'
import type { ModelFiles } from '../runtime/runtime.ts'
import { clipTokenizerJson } from './clip-tokenizer-json.ts'
import { forJavaScript } from './tokenizer-json.ts'

export interface TextTokenizer {
  /** Ids one chunk holds with its special tokens, e.g. 77. */
  readonly length: number
  /** Ids of the prompt that fit into one chunk beside the special tokens, e.g. 75. */
  readonly bodyLength: number
  /** Ids of a text of any length, without special tokens. */
  tokenize(text: string): number[]
  /** int32 [length]: special tokens around the ids, padded. @throws RangeError past `bodyLength` ids. */
  frame(body: readonly number[]): Int32Array
  /** The text of one id, for people. */
  tokenText(id: number): string
}

const specialTokenSchema = z.union([z.string(), z.object({ content: z.string() }).transform(({ content }) => content)])
const configSchema = z.looseObject({
  model_max_length: z.number().positive().optional(),
  pad_token: specialTokenSchema.nullish(),
})
const tokenizerSchema = z.looseObject({
  padding: z.object({ pad_id: z.int().nonnegative() }).nullish(),
})
const vocabSchema = z.record(z.string(), z.int().nonnegative())

/** Text that every tokenizer keeps as at least one id; only used to see which special tokens go before and after. */
const PROBE = 'a'

/**
 * @param maxLength ids the text encoder takes, where it says so; the tokenizer's own limit wins where it is smaller.
 * @param addedWords words with ids of their own beyond the vocabulary, from textual inversion.
 */
export async function loadTokenizer(
  files: ModelFiles,
  folder: string,
  maxLength = Number.POSITIVE_INFINITY,
  addedWords: readonly AddedWord[] = [],
): Promise<TextTokenizer> {
  const config = await readConfig(files, `${folder}/tokenizer_config.json`, configSchema)
  const json = await readTokenizerJson(files, folder)
  const tokenizer = new Tokenizer(forJavaScript(json), config)
  const plain = (text: string): number[] => tokenizer.encode(text, { add_special_tokens: false }).ids
  const tokenize = addedWords.length === 0 ? plain : withAddedWords(plain, addedWords)
  const addedTexts = new Map(addedWords.flatMap(({ word, ids }) => ids.map((id, i) => [id, i === 0 ? word : ''])))

  const framed = tokenizer.encode(PROBE).ids
  const body = tokenize(PROBE)
  const start = framed.findIndex((_, at) => body.every((id, i) => framed[at + i] === id))
  if (body.length === 0 || start < 0) throw new RangeError(`${folder}: cannot tell its special tokens from its text`)
  const before = framed.slice(0, start)
  const after = framed.slice(start + body.length)

  const length = Math.min(maxLength, config.model_max_length ?? maxLength)
  if (!Number.isFinite(length))
    throw new RangeError(`Neither the text encoder nor ${folder} says how many tokens it takes`)
  const bodyLength = length - before.length - after.length
  const padId = json.padding?.pad_id ?? (config.pad_token ? tokenizer.token_to_id(config.pad_token) : undefined)
  if (padId === undefined) throw new RangeError(`${folder} names no padding token that its vocabulary holds`)

  return {
    length,
    bodyLength,
    tokenize,
    tokenText: (id) => addedTexts.get(id) ?? tokenizer.id_to_token(id) ?? '',
    frame(ids) {
      if (ids.length > bodyLength) throw new RangeError(`One chunk holds ${bodyLength} tokens, got ${ids.length}`)
      const chunk = new Int32Array(length).fill(padId)
      chunk.set([...before, ...ids, ...after])
      return chunk
    },
  }
}

/** The text around added words is tokenized by itself, as tokenizers treat added tokens. */
function withAddedWords(plain: (text: string) => number[], words: readonly AddedWord[]): (text: string) => number[] {
  const idsOf = new Map(words.map(({ word, ids }) => [word, ids]))
  const pattern = networkWords([...idsOf.keys()])
  return (text) => {
    const ids: number[] = []
    let rest = text
    for (let match = pattern.exec(rest); match !== null; match = pattern.exec(rest)) {
      const [found] = match
      ids.push(...plain(rest.slice(0, match.index)), ...(idsOf.get(found) ?? idsOf.get(found.slice(1, -1)) ?? []))
      rest = rest.slice(match.index + found.length)
    }
    return [...ids, ...plain(rest)]
  }
}

async function readTokenizerJson(files: ModelFiles, folder: string): Promise<z.output<typeof tokenizerSchema>> {
  const hasOnlyOlderFiles = !(await files.has(`${folder}/tokenizer.json`)) && (await files.has(`${folder}/merges.txt`))
  if (!hasOnlyOlderFiles) return readConfig(files, `${folder}/tokenizer.json`, tokenizerSchema)
  const vocab = await readConfig(files, `${folder}/vocab.json`, vocabSchema)
  const merges = new TextDecoder().decode(await files.readBytes(`${folder}/merges.txt`))
  return tokenizerSchema.parse(clipTokenizerJson(vocab, merges))
}
