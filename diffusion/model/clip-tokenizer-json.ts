// The `tokenizer.json` that CLIP's older two files, `vocab.json` and `merges.txt`, stand for: most Stable Diffusion folders ship
// only those. The pipeline of the two is transformers' CLIPTokenizer: NFC, white space to single spaces, lower case, words and
// single digits, bytes, then merges.

/** Letters with their combining marks go together, digits one by one, anything else visible in runs. */
const WORDS = "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+"

const START = '<|startoftext|>'
const END = '<|endoftext|>'

/**
 * @param vocab token → id, the contents of `vocab.json`.
 * @param mergesText the contents of `merges.txt`: a version line, then one pair a line in order of precedence.
 * @throws {RangeError} when a special token is missing or a line is no pair.
 */
export function clipTokenizerJson(vocab: Readonly<Record<string, number>>, mergesText: string) {
  const merges = mergesText
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#version'))
    .map((line) => {
      const pair = line.split(' ')
      if (pair.length !== 2)
        throw new RangeError(`A merge is two tokens with a space between, got ${JSON.stringify(line)}`)
      return pair
    })
  const start = specialId(vocab, START)
  const end = specialId(vocab, END)
  const added = (id: number, content: string) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  })
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [added(start, START), added(end, END)],
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'NFC' },
        { type: 'Replace', pattern: { Regex: '\\s+' }, content: ' ' },
        { type: 'Lowercase' },
      ],
    },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: WORDS }, behavior: 'Removed', invert: true },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
      ],
    },
    post_processor: {
      type: 'RobertaProcessing',
      sep: [END, end],
      cls: [START, start],
      trim_offsets: false,
      add_prefix_space: false,
    },
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: END,
      continuing_subword_prefix: '',
      end_of_word_suffix: '</w>',
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab,
      merges,
    },
  }
}

function specialId(vocab: Readonly<Record<string, number>>, token: string): number {
  const id = vocab[token]
  if (id === undefined) throw new RangeError(`CLIP's vocab.json holds ${token}, this one does not`)
  return id
}
