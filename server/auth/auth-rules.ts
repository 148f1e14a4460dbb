// Our rules around better-auth's endpoints: what may be written, how often one account may be tried, and what is noted down.
import { createHmac } from 'node:crypto'
import { APIError, createAuthMiddleware } from 'better-auth/api'
import { z } from 'zod'
import type { Db } from '../db/client.ts'
import type { Log } from '../log.ts'
import { isCommonPassword } from './common-password.ts'
import { countAttempt, forgetAttempts } from './count-attempt.ts'

interface Needs {
  readonly db: Db
  readonly log: Log
  readonly secret: string
  readonly isRateLimited: boolean
  readonly newGuestsPerHour: number
}

/** Ten tries at one account in a quarter of an hour, from wherever: a person who forgot gets there, a guesser gets a thousand a day. */
const ACCOUNT_TRIES = { max: 10, windowS: 15 * 60 }
const HOUR_S = 60 * 60

const nameSchema = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^\P{Cc}*$/u, 'A name has no control characters')
const nameOnlySchema = z.strictObject({ name: nameSchema })
/** Endpoints that set a password, and where in the body it is. */
const NEW_PASSWORD: Readonly<Record<string, string>> = {
  '/sign-up/email': 'password',
  '/change-password': 'newPassword',
  '/reset-password': 'newPassword',
  '/set-password': 'newPassword',
}
/** What an operator can be asked about afterwards (ASVS 16.3). */
const AUDITED: Readonly<Record<string, string>> = {
  '/sign-in/email': 'sign in',
  '/sign-up/email': 'sign up',
  '/sign-in/anonymous': 'new guest',
  '/sign-out': 'sign out',
  '/change-password': 'change password',
  '/revoke-session': 'revoke session',
  '/revoke-other-sessions': 'revoke sessions',
  '/revoke-sessions': 'revoke sessions',
  '/delete-user': 'delete account',
  '/update-user': 'change name',
}

export function authRules({ db, log, secret, isRateLimited, newGuestsPerHour }: Needs) {
  /** Tells one account's lines from another's in the log, without the address. */
  const accountTag = (email: unknown) =>
    createHmac('sha256', secret)
      .update(`account ${String(email).trim().toLowerCase()}`)
      .digest('hex')
      .slice(0, 16)
  const accountKey = (email: unknown) => `account ${accountTag(email)}`

  const requireTurn = async (key: string, limit: { max: number; windowS: number }, message: string) => {
    const waitS = isRateLimited ? await countAttempt(db, { key, ...limit }) : null
    if (waitS === null) return
    const body = { code: 'TOO_MANY_REQUESTS', message: `${message} Try again in ${waitS} s.` }
    throw new APIError('TOO_MANY_REQUESTS', body, { 'retry-after': String(waitS), 'x-retry-after': String(waitS) })
  }

  const before = createAuthMiddleware(async (ctx) => {
    const body: Record<string, unknown> = ctx.body ?? {}
    const passwordField = NEW_PASSWORD[ctx.path]
    if (passwordField !== undefined) requireUncommon(body, String(body[passwordField] ?? ''))
    if (ctx.path === '/sign-in/email') {
      await requireTurn(accountKey(body.email), ACCOUNT_TRIES, 'This account was tried too often.')
    }
    if (ctx.path === '/sign-in/anonymous') {
      const limit = { max: newGuestsPerHour, windowS: HOUR_S }
      await requireTurn('new guests', limit, 'Too many new guests right now. You can sign up or sign in.')
    }
    if (ctx.path === '/update-user') return { context: { body: parse(nameOnlySchema, body) } }
    if (ctx.path === '/sign-up/email') {
      // A picture's address would be shown to others one day; nobody asks for one.
      if (body.image !== undefined) throw refuse('image is not taken')
      return { context: { body: { ...body, name: parse(nameSchema, body.name) } } }
    }
    // Whoever changes a password may do so because somebody else knows it.
    if (ctx.path === '/change-password') return { context: { body: { ...body, revokeOtherSessions: true } } }
    return undefined
  })

  const after = createAuthMiddleware(async (ctx) => {
    const event = AUDITED[ctx.path]
    if (event === undefined) return
    const { returned, newSession, session } = ctx.context
    const isRefused = returned instanceof APIError
    const email = (ctx.body as { email?: unknown } | undefined)?.email
    const userId = newSession?.user.id ?? session?.user.id
    if (ctx.path === '/sign-in/email' && !isRefused) await forgetAttempts(db, accountKey(email))
    log.info(
      {
        audit: event,
        outcome: isRefused ? 'refused' : 'done',
        ...(isRefused ? { reason: returned.body?.code ?? returned.status } : {}),
        ...(userId === undefined ? {} : { userId }),
        ...(email === undefined ? {} : { account: accountTag(email) }),
      },
      'audit',
    )
  })
  return { before, after }
}

function requireUncommon(body: Record<string, unknown>, password: string): void {
  const own = [String(body.email ?? '').split('@')[0] ?? '', String(body.name ?? '')]
  if (!isCommonPassword(password, own)) return
  throw new APIError('BAD_REQUEST', {
    code: 'PASSWORD_TOO_COMMON',
    message: 'That password is among the first anybody would try. A few unrelated words make a good one.',
  })
}

const refuse = (message: string) => new APIError('BAD_REQUEST', { code: 'INVALID_INPUT', message })

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw refuse(parsed.error.issues.map(({ path, message }) => [...path, message].join(': ')).join('; '))
}
