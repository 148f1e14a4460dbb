'use client'
// Where this account is signed in, and a way to end each.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { locale, messages } from '#app/messages/index.ts'
import { Button } from '#app/ui/button.tsx'
import { notifyProblem } from '#app/ui/toast.tsx'
import { authClient } from './auth-client.ts'
import { describeDevice } from './describe-device.ts'

const t = messages.account
const QUERY_KEY = ['sessions']

async function readSessions() {
  const [sessions, current] = await Promise.all([authClient.listSessions(), authClient.getSession()])
  if (sessions.error) throw new Error(sessions.error.message ?? t.failed)
  return sessions.data.map((session) => ({ ...session, here: session.token === current.data?.session.token }))
}

export function Sessions() {
  const queryClient = useQueryClient()
  const sessions = useQuery({ queryKey: QUERY_KEY, queryFn: readSessions })
  if (sessions.isError) return <p className="text-danger text-sm">{t.failed}</p>
  const end = async (token: string) => {
    const result = await authClient.revokeSession({ token })
    if (result.error) notifyProblem(t.failed)
    await queryClient.invalidateQueries({ queryKey: QUERY_KEY })
  }
  return (
    <ul className="flex flex-col">
      {sessions.data?.map((session) => (
        <li key={session.id} className="flex min-h-14 items-center justify-between gap-4 border-line border-b text-sm">
          <div>
            <p>{describeDevice(session.userAgent ?? null) ?? t.unknownDevice}</p>
            <p className="text-ink-3 text-xs leading-5">
              {session.here ? t.thisDevice : t.since(new Date(session.createdAt).toLocaleDateString(locale))}
            </p>
          </div>
          {session.here ? null : (
            <Button size="sm" onClick={() => void end(session.token)}>
              {t.endSession}
            </Button>
          )}
        </li>
      ))}
    </ul>
  )
}
