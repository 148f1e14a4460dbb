// CLIP's own tokenizer as model folders ship it, from its published merges; kept in memory.
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import type { ModelFiles } from '#diffusion/runtime/runtime.ts'

export const lines = (name: string): string[] =>
  gunzipSync(readFileSync(new URL(`${name}`, import.meta.url)))
    .toString()
    .split('\n')

/** A model folder held in memory. */
export function filesOf(contents: Readonly<Record<string, string>>): ModelFiles {
  return {
    has: async (path) => path in contents,
    readBytes: async (path) => new TextEncoder().encode(contents[path]),
  }
}

/** CLIP as most Stable Diffusion folders ship it: vocab.json and merges.txt, no tokenizer.json. */
export function clipFiles(): ModelFiles {
  const merges = lines('clip-merges.txt.gz')
  const letters = byteLetters()
  const tokens = [
    ...letters,
    ...letters.map((letter) => `${letter}</w>`),
    ...merges.map((merge) => merge.replace(' ', '')),
    '<|startoftext|>',
    '<|endoftext|>',
  ]
  return filesOf({
    'tokenizer/vocab.json': JSON.stringify(Object.fromEntries(tokens.map((token, id) => [token, id]))),
    'tokenizer/merges.txt': `#version: 0.2\n${merges.join('\n')}\n`,
    'tokenizer/tokenizer_config.json': JSON.stringify({ pad_token: '<|endoftext|>', model_max_length: 77 }),
  })
}

/** GPT-2's printable stand-ins for the 256 bytes, in the order CLIP numbers them: printable bytes first. */
function byteLetters(): string[] {
  const isPrintable = (byte: number) =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff)
  const bytes = Array.from({ length: 256 }, (_, byte) => byte)
  const standIns = bytes.filter((byte) => !isPrintable(byte)).map((_, i) => 256 + i)
  return [...bytes.filter(isPrintable), ...standIns].map((code) => String.fromCodePoint(code))
}
