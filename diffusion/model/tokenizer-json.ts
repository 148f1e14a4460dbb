// A `tokenizer.json` was written for the Rust library; where JavaScript reads a rule differently, this says it so that both agree.
// Found by comparing 10,000 prompts with transformers (test/diffusion/tokenizer.golden.test.ts).

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
type JsonRecord = { readonly [key: string]: Json }

/** What the Rust library's ByteLevel splits by (GPT-2's pattern), with Unicode's white space. */
const BYTE_LEVEL_WORDS = unicodeWhiteSpace(
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
)

/** The same tokenizer for a JavaScript reader. */
export function forJavaScript<T extends Readonly<Record<string, unknown>>>(json: T): T {
  return {
    ...json,
    normalizer: rewrite((json.normalizer ?? null) as Json),
    pre_tokenizer: rewrite((json.pre_tokenizer ?? null) as Json),
  }
}

function rewrite(json: Json): Json {
  if (Array.isArray(json)) return json.map(rewrite)
  if (json === null || typeof json !== 'object') return json
  const record = Object.fromEntries(
    Object.entries(json).map(([key, value]) => [
      key,
      key === 'Regex' && typeof value === 'string' ? unicodeWhiteSpace(value) : rewrite(value as Json),
    ]),
  )
  const before = [...(lowersCase(record) ? [LOWER_SIGMA] : []), ...(spacesIdeographs(record) ? [SPACE_IDEOGRAPHS] : [])]
  if (before.length > 0) return { type: 'Sequence', normalizers: [...before, record] }
  if (splitsByteLevel(record)) {
    return {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: BYTE_LEVEL_WORDS }, behavior: 'Isolated', invert: false },
        { ...record, use_regex: false },
      ],
    }
  }
  return record
}

/** Rust lowers a capital sigma alone, always to σ; JavaScript looks around it and writes ς at a word's end. */
const LOWER_SIGMA: JsonRecord = { type: 'Replace', pattern: { String: 'Σ' }, content: 'σ' }

/** Ideographs past the first plane, which the JavaScript reader takes for two halves; the ranges are the Rust library's. */
const SPACE_IDEOGRAPHS: JsonRecord = {
  type: 'Replace',
  pattern: { Regex: '[\\u{20000}-\\u{2a6df}\\u{2a700}-\\u{2b81f}\\u{2b920}-\\u{2ceaf}\\u{2f800}-\\u{2fa1f}]' },
  content: ' $& ',
}

function spacesIdeographs({ type, handle_chinese_chars }: JsonRecord): boolean {
  return type === 'BertNormalizer' && handle_chinese_chars === true
}

function lowersCase({ type, lowercase }: JsonRecord): boolean {
  return type === 'Lowercase' || (type === 'BertNormalizer' && lowercase === true)
}

/** With a prefix space the split would have to come after it; no tokenizer of ours has one. */
function splitsByteLevel({ type, use_regex, add_prefix_space }: JsonRecord): boolean {
  return type === 'ByteLevel' && use_regex !== false && add_prefix_space !== true
}

/** JavaScript's \s has the byte order mark and lacks U+0085; Unicode's White_Space, which Rust means, is the other way round. */
function unicodeWhiteSpace(regex: string): string {
  return regex.replaceAll(/\\(.)/g, (escaped, letter: string) => {
    if (letter === 's') return '\\p{White_Space}'
    return letter === 'S' ? '\\P{White_Space}' : escaped
  })
}
