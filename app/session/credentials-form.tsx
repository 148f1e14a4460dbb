'use client'
// Sign in and sign up: the same form, with or without a name.
import { useQueryClient } from '@tanstack/react-query'
import Link from 'next/link'
import { useRouter } from 'next/navigation'
import { type FormEvent, useState } from 'react'
import { messages } from '#app/messages/index.ts'
import { Button } from '#app/ui/button.tsx'
import { TextField } from '#app/ui/field.tsx'
import { authClient } from './auth-client.ts'
import { type CredentialProblems, checkCredentials, refusal } from './credentials.ts'
import { forgetSession, useMe } from './use-session.ts'

const t = messages.account

export function CredentialsForm({ mode }: { mode: 'sign-in' | 'sign-up' }) {
  const router = useRouter()
  const queryClient = useQueryClient()
  const me = useMe()
  const [problems, setProblems] = useState<CredentialProblems>({})
  const [busy, setBusy] = useState(false)
  const signUp = mode === 'sign-up'

  const onSubmit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const data = new FormData(event.currentTarget)
    const field = (name: string) => String(data.get(name) ?? '')
    const given = { name: field('name'), email: field('email'), password: field('password') }
    const found = checkCredentials(mode, given)
    setProblems(found)
    if (Object.keys(found).length > 0) {
      const first = event.currentTarget.querySelector<HTMLElement>(`[name="${Object.keys(found)[0]}"]`)
      first?.focus()
      return
    }
    setBusy(true)
    const email = given.email.trim()
    const result = await (signUp
      ? authClient.signUp.email({ name: given.name.trim(), email, password: given.password })
      : authClient.signIn.email({ email, password: given.password })
    ).catch(() => ({ error: { status: 0 } }))
    if (result.error) {
      setBusy(false)
      setProblems(refusal(result.error))
      return
    }
    await forgetSession(queryClient)
    router.push('/')
    router.refresh()
  }

  return (
    <main id="main" className="mx-auto flex w-full max-w-sm flex-col gap-6 px-4 pt-10 pb-16 sm:pt-20">
      <header className="flex flex-col gap-1.5">
        <h1 className="font-semibold text-2xl tracking-[-0.015em]">{signUp ? t.signUpTitle : t.signInTitle}</h1>
        <p className="text-ink-2 text-sm leading-6">{signUp ? t.signUpLead : t.signInLead}</p>
      </header>
      {me?.isGuest ? (
        <p className="rounded-control bg-accent-soft px-3.5 py-3 text-ink text-sm leading-6">{t.keeps}</p>
      ) : null}
      <form noValidate className="flex flex-col gap-4" onSubmit={(event) => void onSubmit(event)}>
        {signUp ? <TextField label={t.name} name="name" autoComplete="name" error={problems.name} /> : null}
        <TextField
          label={t.email}
          name="email"
          type="email"
          inputMode="email"
          autoComplete="email"
          error={problems.email}
        />
        <TextField
          label={t.password}
          name="password"
          type="password"
          autoComplete={signUp ? 'new-password' : 'current-password'}
          error={problems.password}
          {...(signUp ? { hint: t.passwordHint } : {})}
        />
        {problems.form ? (
          <p role="alert" className="text-danger text-sm leading-6">
            {problems.form}
          </p>
        ) : null}
        <Button type="submit" variant="primary" className="mt-1" disabled={busy}>
          {busy ? t.working : signUp ? t.signUp : t.signIn}
        </Button>
      </form>
      <p className="text-ink-2 text-sm">
        {signUp ? t.haveAccount : t.noAccount}{' '}
        <Link
          href={signUp ? '/sign-in' : '/sign-up'}
          className="-my-3 inline-block py-3 font-medium text-accent underline-offset-2 hover:underline"
        >
          {signUp ? t.signIn : t.signUp}
        </Link>
      </p>
    </main>
  )
}
