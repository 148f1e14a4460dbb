// Ctrl+Up and Ctrl+Down.
import { describe, expect, test } from 'vitest'
import { changeWeight } from '#diffusion/prompt/change-weight.ts'

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
})
