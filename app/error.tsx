'use client'
// A page that broke: what it means, a way on, and the code that finds it in the log.
import { Button } from '#app/ui/button.tsx'
import { messages } from './messages/index.ts'

const t = messages.problem

export default function ErrorPage({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <main
      id="main"
      className="mx-auto flex min-h-[70dvh] max-w-sm flex-col items-center justify-center gap-5 px-4 text-center"
    >
      <div>
        <h1 className="font-semibold text-xl tracking-[-0.01em]">{t.errorTitle}</h1>
        <p className="text-balance pt-1.5 text-ink-2 text-sm leading-6">{t.error}</p>
        {error.digest ? <p className="pt-1.5 text-ink-3 text-xs">{t.code(error.digest)}</p> : null}
      </div>
      <Button variant="primary" onClick={reset}>
        {t.tryAgain}
      </Button>
    </main>
  )
}
