'use client'
// New text in a box as if it had been typed, so that the browser's own undo takes it back.
import { flushSync } from 'react-dom'

/** @param setText for browsers that do not insert on request; there undo is lost. */
export function replaceText(box: HTMLTextAreaElement, text: string, setText: (text: string) => void): void {
  const before = box.value
  if (before === text) return
  const { start, end, inserted } = difference(before, text)
  box.setSelectionRange(start, end)
  // Deprecated on paper and without a successor: nothing else reaches a text box's undo history.
  const done = inserted === '' ? document.execCommand('delete') : document.execCommand('insertText', false, inserted)
  // The box must hold the new text before words can be selected in it.
  if (!done || box.value !== text) flushSync(() => setText(text))
}

/** The one stretch in which two texts differ. */
export function difference(before: string, after: string): { start: number; end: number; inserted: string } {
  const shorter = Math.min(before.length, after.length)
  let start = 0
  while (start < shorter && before[start] === after[start]) start++
  let tail = 0
  while (tail < shorter - start && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail++
  return { start, end: before.length - tail, inserted: after.slice(start, after.length - tail) }
}
