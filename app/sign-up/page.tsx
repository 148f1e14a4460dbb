import type { Metadata } from 'next'
import { CredentialsForm } from '../components/account/credentials-form.tsx'
import { messages } from '../messages/index.ts'

export const metadata: Metadata = { title: messages.account.signUpTitle }

export default function SignUpPage() {
  return <CredentialsForm mode="sign-up" />
}
