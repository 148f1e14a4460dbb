// The frame of every page: theme before paint, header, one main landmark. Rendered per request, because of the nonce.
import type { Metadata, Viewport } from 'next'
import { headers } from 'next/headers'
import type { ReactNode } from 'react'
import { Header } from '#app/shell/header.tsx'
import './globals.css'
import { THEME_SCRIPT } from '#app/shell/theme-script.ts'
import { locale, messages } from './messages/index.ts'
import { Providers } from './providers.tsx'

export const metadata: Metadata = {
  title: { default: messages.name, template: messages.title('%s') },
  description: messages.tagline,
}

export const viewport: Viewport = {
  width: 'device-width',
  initialScale: 1,
  // The keyboard of a phone makes room instead of covering the prompt.
  interactiveWidget: 'resizes-content',
  themeColor: [
    { media: '(prefers-color-scheme: light)', color: '#fbfbfa' },
    { media: '(prefers-color-scheme: dark)', color: '#0d0e0f' },
  ],
}

export default async function RootLayout({ children }: { children: ReactNode }) {
  const nonce = (await headers()).get('x-nonce') ?? undefined
  return (
    <html lang={locale} suppressHydrationWarning>
      <head>
        <script
          nonce={nonce}
          suppressHydrationWarning
          // biome-ignore lint/security/noDangerouslySetInnerHtml: a constant of ours, and the only way to run before paint
          dangerouslySetInnerHTML={{ __html: THEME_SCRIPT }}
        />
      </head>
      <body>
        <a
          href="#main"
          className="sr-only z-50 rounded-control bg-ink px-4 py-3 text-sm text-surface focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
        >
          {messages.shell.skip}
        </a>
        <Providers nonce={nonce}>
          <Header />
          {children}
        </Providers>
      </body>
    </html>
  )
}
