'use client'
// Words to press instead of type: each goes to the end of the prompt.
import { updateDraft } from '#app/draft/draft-store.ts'
import { messages } from '#app/messages/index.ts'
import { Button } from '#app/ui/button.tsx'

export function WordButtons({ label, words }: { label: string; words: readonly string[] }) {
  return (
    <fieldset className="flex flex-wrap items-center gap-2">
      <legend className="sr-only">{label}</legend>
      {words.map((word) => (
        <Button
          key={word}
          size="sm"
          className="max-w-full overflow-hidden"
          aria-label={messages.models.addWord(word)}
          onClick={() => appendToPrompt(`, ${word}`)}
        >
          <span className="truncate">{word}</span>
        </Button>
      ))}
    </fieldset>
  )
}

/** A separator at the front of an empty prompt would stand alone. */
export function appendToPrompt(text: string): void {
  updateDraft((draft) => ({ ...draft, prompt: draft.prompt === '' ? text.replace(/^[, ]+/, '') : draft.prompt + text }))
}
