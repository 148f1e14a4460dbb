'use client'
// Ctrl (or Cmd) with Up and Down in a prompt box: the weight of the word at the caret, or of the selection.
import type { KeyboardEvent } from 'react'
import { changeWeight } from '#recipes/prompt/change-weight.ts'
import { replaceText } from './replace-text.ts'

/** One press; A1111's step. */
const WEIGHT_STEP = 0.1

export function weightKeys(setText: (text: string) => void): (event: KeyboardEvent<HTMLTextAreaElement>) => void {
  return (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return
    if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return
    event.preventDefault()
    const box = event.currentTarget
    const selection = { start: box.selectionStart, end: box.selectionEnd }
    const changed = changeWeight(box.value, selection, event.key === 'ArrowUp' ? WEIGHT_STEP : -WEIGHT_STEP)
    replaceText(box, changed.text, setText)
    box.setSelectionRange(changed.selection.start, changed.selection.end)
  }
}
