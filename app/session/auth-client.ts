'use client'
// better-auth's browser client: email and password, and guests who come without either.
import { anonymousClient } from 'better-auth/client/plugins'
import { createAuthClient } from 'better-auth/react'

export const authClient = createAuthClient({ plugins: [anonymousClient()] })
