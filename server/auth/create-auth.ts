// better-auth on our tables: email and password, and guests whose pictures move when they sign up. Cookies, hashing, tokens
// and rate limits are the library's; nothing of them is written here.
import { prismaAdapter } from '@better-auth/prisma-adapter'
import { betterAuth } from 'better-auth'
import { anonymous } from 'better-auth/plugins'
import type { Db } from '../db/client.ts'
import type { Log } from '../log.ts'
import type { Storage } from '../storage/index.ts'
import { moveGuest } from '../users/move-guest.ts'
import { removeUserObjects } from '../users/remove-user-objects.ts'
import { authRules } from './auth-rules.ts'

export interface AuthConfig {
  readonly appUrl: string
  readonly secret: string
  readonly isRateLimited: boolean
  /** New guests an hour from everywhere together. */
  readonly newGuestsPerHour: number
}

const MINUTE_S = 60
const DAY_S = 24 * 60 * MINUTE_S

export type Auth = ReturnType<typeof createAuth>

export function createAuth(
  deps: { readonly db: Db; readonly storage: Storage; readonly log: Log },
  config: AuthConfig,
) {
  const { db, storage, log } = deps
  /** Names the pictures of people who are being deleted lie under: their own, and those they had as guests. */
  const leaving = new Map<string, readonly string[]>()
  return betterAuth({
    appName: 'Dewpoint',
    baseURL: config.appUrl,
    basePath: '/api/auth',
    secret: config.secret,
    trustedOrigins: trustedOrigins(config.appUrl),
    database: prismaAdapter(db, { provider: 'postgresql', transaction: true }),
    emailAndPassword: {
      enabled: true,
      autoSignIn: true,
      // NIST SP 800-63B: length is what counts, no rules on kinds of characters.
      minPasswordLength: 10,
      maxPasswordLength: 128,
    },
    user: {
      deleteUser: {
        enabled: true,
        // The guests an account once was go with its row, and their names with them.
        async beforeDelete({ id }) {
          const guests = await db.user.findMany({ where: { linkedToId: id }, select: { id: true } })
          leaving.set(id, [id, ...guests.map((guest) => guest.id)])
        },
        async afterDelete({ id }) {
          const names = leaving.get(id) ?? [id]
          leaving.delete(id)
          // No row says where they are any more, so the daily sweep takes what is left here.
          await removeUserObjects({ storage }, names).catch((error: unknown) =>
            log.warn({ err: error, userId: id }, 'pictures of a deleted account stay for the sweep'),
          )
        },
      },
    },
    session: {
      // A month away from the studio signs out; each day of use starts it anew.
      expiresIn: 30 * DAY_S,
      updateAge: DAY_S,
      // No cookie cache: a signed-out or moved session must end at once, and one indexed read is cheap.
      cookieCache: { enabled: false },
    },
    rateLimit: {
      enabled: config.isRateLimited,
      storage: 'database',
      window: MINUTE_S,
      max: 100,
      customRules: {
        '/sign-in/email': { window: MINUTE_S, max: 10 },
        '/sign-up/email': { window: 60 * MINUTE_S, max: 20 },
        // Each guest has an allowance; making guests must not be a way around it.
        '/sign-in/anonymous': { window: 60 * MINUTE_S, max: 20 },
      },
    },
    advanced: {
      // Over plain http (a laptop, a test) a Secure cookie would never come back.
      useSecureCookies: config.appUrl.startsWith('https:'),
      cookiePrefix: 'dewpoint',
      // Said outright: the library turns both off by itself under NODE_ENV=test, and tests should meet what people meet.
      disableCSRFCheck: false,
      disableOriginCheck: false,
      database: { generateId: false },
      // One address by now, and the one to believe: server/guards/client-address.ts.
      ipAddress: { ipAddressHeaders: ['x-forwarded-for'] },
    },
    plugins: [
      anonymous({
        // Kept, so that a request of the guest's still on its way finds the account; see moveGuest.
        disableDeleteAnonymousUser: true,
        generateName: () => 'Guest',
        onLinkAccount: ({ anonymousUser, newUser }) =>
          moveGuest({ db }, { guestId: anonymousUser.user.id, accountId: newUser.user.id }),
      }),
    ],
    hooks: authRules({ db, log, ...config }),
    // To server/http/handle-auth.ts, which tells a refusal from a database that is away.
    onAPIError: { throw: true },
    telemetry: { enabled: false },
    logger: {
      // Its messages may hold addresses: level and text only, and none of the routine ones.
      level: 'warn',
      log: (level, message) => log[level === 'error' ? 'error' : 'warn']({ source: 'auth' }, message),
    },
  })
}

/** On a laptop people type any of loopback's names; elsewhere the address of APP_URL alone. */
function trustedOrigins(appUrl: string): string[] {
  const { protocol, hostname, port, origin } = new URL(appUrl)
  const loopback = ['localhost', '127.0.0.1', '[::1]']
  if (!loopback.includes(hostname)) return [origin]
  return loopback.map((name) => `${protocol}//${name}${port === '' ? '' : `:${port}`}`)
}
