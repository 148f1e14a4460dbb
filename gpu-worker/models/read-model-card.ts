// A model card, `README.md` with a block of YAML on top, as the hub keeps it: what its author says of licence and trigger words.
// Three keys of it are read, a line each; the card is a stranger's text and nothing in it is run or followed.
import type { ModelFiles } from '#diffusion/runtime/runtime.ts'

export interface ModelCard {
  readonly license: string | undefined
  readonly summary: string | undefined
  readonly triggerWords: readonly string[]
}

const CARD_MAX_BYTES = 1_000_000
const TEXT_LENGTH_MAX = 200

export async function readModelCard(files: ModelFiles): Promise<ModelCard> {
  if (!(await files.has('README.md'))) return { license: undefined, summary: undefined, triggerWords: [] }
  const bytes = await files.readBytes('README.md')
  return parseModelCard(new TextDecoder().decode(bytes.subarray(0, CARD_MAX_BYTES)))
}

export function parseModelCard(text: string): ModelCard {
  const [, front = '', body = ''] = /^---\r?\n([\s\S]*?)\r?\n---\r?\n([\s\S]*)$/.exec(text) ?? ['', '', text]
  const value = (key: string) => {
    const line = front.split('\n').find((candidate) => candidate.startsWith(`${key}:`))
    const plain = line
      ?.slice(key.length + 1)
      .trim()
      .replace(/^(["'])(.*)\1$/, '$2')
    return plain === undefined || plain === '' ? undefined : plain.slice(0, TEXT_LENGTH_MAX)
  }
  const license = value('license')
  // The hub's "other" means: look at the name beside it.
  const named = license === 'other' ? (value('license_name') ?? license) : license
  const link = value('license_link')
  const summary = body
    .split('\n')
    .map((line) => line.trim())
    .find((line) => /^[\p{L}\p{N}]/u.test(line))
  const trigger = value('instance_prompt')
  return {
    license: named !== undefined && link !== undefined && license === 'other' ? `${named} (${link})` : named,
    summary: summary?.slice(0, TEXT_LENGTH_MAX),
    triggerWords: trigger === undefined ? [] : [trigger],
  }
}
