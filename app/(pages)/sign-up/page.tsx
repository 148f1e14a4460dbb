import type { Metadata } from 'next'
import { messages } from '#app/messages/index.ts'
import { CredentialsForm } from '#app/session/credentials-form.tsx'

export const metadata: Metadata = { title: messages.account.signUpTitle }

export default function SignUpPage() {
  return <CredentialsForm mode="sign-up" />
}
