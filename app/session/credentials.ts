// What the sign-in and sign-up forms check before they ask the server, and what the server's refusals mean in words.
import { messages } from '../messages/index.ts'

const t = messages.account

/** better-auth's own minimum; the server checks it again. */
export const PASSWORD_LENGTH_MIN = 8

export interface Credentials {
  readonly name: string
  readonly email: string
  readonly password: string
}
export type CredentialProblems = Partial<Record<keyof Credentials | 'form', string>>

export function checkCredentials(
  mode: 'sign-in' | 'sign-up',
  { name, email, password }: Credentials,
): CredentialProblems {
  const problems: CredentialProblems = {}
  if (mode === 'sign-up' && name.trim() === '') problems.name = t.nameMissing
  // Something, an at sign, something: the mail server knows better than any pattern.
  if (!/^\S+@\S+$/.test(email.trim())) problems.email = t.emailMissing
  if (password.length < PASSWORD_LENGTH_MIN) problems.password = t.passwordShort
  return problems
}

export function refusal(error: { status: number; code?: string | undefined }): CredentialProblems {
  if (error.code?.startsWith('USER_ALREADY_EXISTS')) return { email: t.exists }
  if (error.code === 'INVALID_EMAIL_OR_PASSWORD' || error.status === 401) return { form: t.badCredentials }
  if (error.code === 'INVALID_EMAIL') return { email: t.emailMissing }
  if (error.code === 'PASSWORD_TOO_SHORT') return { password: t.passwordShort }
  if (error.status === 429) return { form: t.tooMany }
  return { form: error.status === 0 ? t.unreachable : t.failed }
}
