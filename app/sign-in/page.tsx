import type { Metadata } from 'next'
import { CredentialsForm } from '../components/account/credentials-form.tsx'
import { messages } from '../messages/index.ts'

export const metadata: Metadata = { title: messages.account.signInTitle }

export default function SignInPage() {
  return <CredentialsForm mode="sign-in" />
}
