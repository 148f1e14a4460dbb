// Ctrl+Up and Ctrl+Down.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { analyzePrompt } from '#diffusion/prompt/analyze-prompt.ts'
import { changeWeight } from '#recipes/prompt/change-weight.ts'
import { wordTokenizer } from '#test/diffusion/prompt/word-tokenizer.ts'

/** `|` marks the caret, or two of them the selection, before and after. */
function change(marked: string, delta: number): string {
  const start = marked.indexOf('|')
  const end = marked.lastIndexOf('|')
  const text = marked.replaceAll('|', '')
  const { text: next, selection } = changeWeight(text, { start, end: end === start ? start : end - 1 }, delta)
  return `${next.slice(0, selection.start)}|${next.slice(selection.start, selection.end)}|${next.slice(selection.end)}`
}

describe('changeWeight', () => {
  test('wraps the word at the caret, or the selection', () => {
    expect(change('a ca|t, dog', 0.1)).toBe('a (|cat|:1.1), dog')
    expect(change('a |red cat|, dog', -0.1)).toBe('a (|red cat|:0.9), dog')
    expect(change('a | red cat |, dog', 0.1)).toBe('a  (|red cat|:1.1) , dog')
  })

  test('goes on from the weight that is there, and takes the brackets off at 1', () => {
    expect(change('a (c|at:1.1)', 0.1)).toBe('a (|cat|:1.2)')
    expect(change('a (|red cat|:1.1)', -0.1)).toBe('a |red cat|')
    expect(change('a |(cat:1.25)|', 0.05)).toBe('a (|cat|:1.3)')
    expect(change('a (cat|)', 0.1)).toBe('a (|cat|:1.2)')
    expect(change('a ((c|at:1.2) red:1.3)', 0.1)).toBe('a ((|cat|:1.3) red:1.3)')
  })

  test('one word of a weighted phrase gets a weight of its own', () => {
    expect(change('(red c|at:1.2)', 0.1)).toBe('(red (|cat|:1.1):1.2)')
  })

  test('does nothing where there is no word', () => {
    expect(change('a , | b', 0.1)).toBe('a , || b')
  })

  test('changes the number the caret stands in', () => {
    expect(change('a (cat:1.|2)', 0.1)).toBe('a (cat:|1.3|)')
    expect(change('a ((red cat:1.2|) dog:0.9)', 0.1)).toBe('a ((red cat:|1.3|) dog:0.9)')
    expect(change('a ((cat:1.2) dog:0.|9)', -0.1)).toBe('a ((cat:1.2) dog:|0.8|)')
    expect(change('a beach :1.|2 AND a forest', 0.1)).toBe('a beach :|1.3| AND a forest')
    expect(change('<lora:fur|ry:0.8> cat', 0.1)).toBe('<lora:furry:|0.9|> cat')
    expect(change('<lora:fur|ry> cat', -0.1)).toBe('<lora:furry:|0.9|> cat')
  })

  test('leaves numbers alone that are no weights', () => {
    expect(change('[cat:dog:0.|5]', 0.1)).toBe('[cat:dog:0.||5]')
    expect(change('<lora:furry:te=|1>', 0.1)).toBe('<lora:furry:te=||1>')
  })

  test('keeps escapes, and the words inside other brackets', () => {
    expect(change('a cat \\(ani|mal\\)', 0.1)).toBe('a cat \\((|animal|:1.1)\\)')
    expect(change('[c|at:dog:0.5]', 0.1)).toBe('[(|cat|:1.1):dog:0.5]')
    expect(changeWeight('{red|cat}', { start: 6, end: 6 }, 0.1).text).toBe('{red|(cat:1.1)}')
  })

  test('up and down again is where it began, at every caret of every prompt', () => {
    const pieces = ['cat', ' ', ',', '(', ')', '[', ']', '{', '|', '}', ':1.2', ':', '0.5', '\\', 'AND', ' red fox ']
    const prompts = fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(prompts, fc.nat(60), (text, at) => {
        const caret = Math.min(at, text.length)
        const up = changeWeight(text, { start: caret, end: caret }, 0.1)
        const down = changeWeight(up.text, up.selection, -0.1)
        // Brackets may differ (a bare pair says its weight afterwards); what the prompt means does not.
        const meaning = (prompt: string) =>
          analyzePrompt(prompt, wordTokenizer(99)).tokens.map(({ text, weight }) => [text, weight.toFixed(6)])
        expect(meaning(down.text)).toEqual(meaning(text))
      }),
    )
  })
})
