'use client'
// Who you are here, what is left today, and where you are signed in.
import Link from 'next/link'
import type { ReactNode } from 'react'
import { locale, messages } from '#app/messages/index.ts'
import { Button, buttonVariants } from '#app/ui/button.tsx'
import type { MeDto } from '#contracts/generation.ts'
import { Sessions } from './sessions.tsx'
import { useMe } from './use-session.ts'
import { useSignOut } from './use-sign-out.ts'

const t = messages.account

export function AccountView() {
  const me = useMe()
  const signOut = useSignOut()
  if (me === undefined) return <div role="status" aria-label={t.working} className="skeleton h-48 rounded-card" />
  if (me === null) {
    return (
      <div className="flex flex-col items-start gap-4">
        <p className="text-ink-2 text-sm leading-6">
          {t.signedOutTitle}. {t.signedOutHint}
        </p>
        <Links />
      </div>
    )
  }
  return (
    <>
      <Section title={t.profile}>
        {me.isGuest ? (
          <>
            <p className="text-ink-2 text-sm leading-6">{t.guestNote}</p>
            <Links />
          </>
        ) : (
          <>
            <div>
              <p className="font-medium text-[15px]">{me.name}</p>
              <p className="text-ink-2 text-sm leading-6">{me.email}</p>
            </div>
            <Button className="self-start" onClick={() => void signOut()}>
              {t.signOut}
            </Button>
          </>
        )}
      </Section>
      <Allowance me={me} />
      {me.isGuest ? null : (
        <Section title={t.sessions} lead={t.sessionsLead}>
          <Sessions />
        </Section>
      )}
    </>
  )
}

function Links() {
  return (
    <div className="flex flex-wrap gap-2">
      <Link href="/sign-up" className={buttonVariants({ variant: 'primary' })}>
        {t.signUp}
      </Link>
      <Link href="/sign-in" className={buttonVariants()}>
        {t.signIn}
      </Link>
    </div>
  )
}

function Allowance({ me }: { me: MeDto }) {
  const { used, limit, resetsAt } = me.allowance
  const resets = new Date(resetsAt).toLocaleString(locale, { weekday: 'long', hour: 'numeric', minute: '2-digit' })
  return (
    <Section title={t.allowance}>
      <div className="flex flex-col gap-2">
        <div aria-hidden className="h-1.5 overflow-hidden rounded-full bg-line">
          <div
            className="h-full origin-left bg-accent"
            style={{ transform: `scaleX(${limit === 0 ? 1 : Math.min(1, used / limit)})` }}
          />
        </div>
        <p className="flex flex-wrap justify-between gap-x-4 text-ink-2 text-sm leading-6 tabular-nums">
          <span>{t.allowanceUsed(used, limit)}</span>
          <span>{t.resets(resets)}</span>
        </p>
      </div>
    </Section>
  )
}

export function Section({ title, lead, children }: { title: string; lead?: string; children: ReactNode }) {
  return (
    <section className="flex flex-col gap-4 border-line border-t pt-6">
      <div>
        <h2 className="font-medium text-[15px]">{title}</h2>
        {lead ? <p className="text-ink-2 text-sm leading-6">{lead}</p> : null}
      </div>
      {children}
    </section>
  )
}
