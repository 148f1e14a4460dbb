'use client'
// The frame itself broke: no styles and no providers can be relied on.
import { locale, messages } from './messages/index.ts'

const t = messages.problem

export default function GlobalError({ reset }: { error: Error; reset: () => void }) {
  return (
    <html lang={locale}>
      <body style={{ fontFamily: 'system-ui, sans-serif', padding: '20vh 24px', textAlign: 'center' }}>
        <title>{t.errorTitle}</title>
        <h1 style={{ fontSize: 20 }}>{t.errorTitle}</h1>
        <p>{t.error}</p>
        <button type="button" onClick={reset} style={{ minHeight: 44, padding: '0 16px' }}>
          {t.tryAgain}
        </button>
      </body>
    </html>
  )
}
