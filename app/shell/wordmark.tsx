// The name and its mark: a drop, drawn as the line where vapour turns to water.
import { messages } from '#app/messages/index.ts'

export function Wordmark() {
  return (
    <span className="flex items-center gap-2 font-semibold text-[15px] text-ink tracking-[-0.01em]">
      <svg viewBox="0 0 20 20" className="size-5 text-accent" fill="none" aria-hidden>
        <path
          d="M10 2.2c3 3.6 5.6 6.5 5.6 9.9a5.6 5.6 0 1 1-11.2 0c0-3.4 2.6-6.3 5.6-9.9Z"
          stroke="currentColor"
          strokeWidth="1.6"
        />
        <path d="M5.1 11.4c1.6-1.1 3.2 1 4.9 0s3.3-1 4.9 0v1.1a4.9 4.9 0 0 1-9.8 0Z" fill="currentColor" />
      </svg>
      <span className="max-sm:sr-only">{messages.name}</span>
    </span>
  )
}
