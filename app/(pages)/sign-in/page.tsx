import type { Metadata } from 'next'
import { messages } from '#app/messages/index.ts'
import { CredentialsForm } from '#app/session/credentials-form.tsx'

export const metadata: Metadata = { title: messages.account.signInTitle }

export default function SignInPage() {
  return <CredentialsForm mode="sign-in" />
}
