'use client'
// The quiet bar on top: name, the two places, theme, account.
import Link from 'next/link'
import { usePathname } from 'next/navigation'
import { messages } from '#app/messages/index.ts'
import { cn } from '#app/ui/cn.ts'
import { AccountMenu } from './account-menu.tsx'
import { ThemeSwitch } from './theme-switch.tsx'
import { Wordmark } from './wordmark.tsx'

const PLACES = [
  { href: '/', label: messages.shell.studio },
  { href: '/history', label: messages.shell.history },
] as const

export function Header() {
  const path = usePathname()
  return (
    <header className="sticky top-0 z-30 flex h-14 items-center gap-1 border-line border-b bg-surface/95 px-2 backdrop-blur-sm sm:px-5">
      <Link
        href="/"
        className="flex h-11 min-w-11 items-center justify-center rounded-control px-1.5 sm:mr-4"
        aria-label={messages.name}
      >
        <Wordmark />
      </Link>
      <nav aria-label={messages.shell.navigation} className="flex">
        {PLACES.map(({ href, label }) => (
          <Link
            key={href}
            href={href}
            aria-current={path === href ? 'page' : undefined}
            className={cn(
              'flex h-11 items-center rounded-control px-2 text-sm sm:px-3 transition-colors hover:text-ink',
              path === href ? 'font-medium text-ink' : 'text-ink-2',
            )}
          >
            {label}
          </Link>
        ))}
      </nav>
      <div className="ml-auto flex items-center gap-0.5 sm:gap-1.5">
        <ThemeSwitch />
        <AccountMenu />
      </div>
    </header>
  )
}
