// The prompts of the tokenizer goldens, made from fragments by the same generator as training/golden/tokenizers_golden.py.

export interface Fragments {
  readonly words: readonly string[]
  readonly specials: readonly string[]
  readonly separators: readonly string[]
  /** Single characters of many scripts and planes. */
  readonly characters: readonly string[]
}

export function generatePrompt(index: number, { words, specials, separators, characters }: Fragments): string {
  let state = index
  const below = (bound: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state >>> 8) % bound
  }
  for (let i = 0; i < 3; i++) below(2)
  let text = ''
  const parts = 1 + below(12)
  for (let part = 0; part < parts; part++) {
    if (part > 0) text += separators[below(separators.length)]
    const kind = below(100)
    if (kind < 65) text += words[below(words.length)]
    else if (kind < 85) text += specials[below(specials.length)]
    else text += characters[below(characters.length)]
  }
  return text
}
