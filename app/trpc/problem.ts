// What to tell a person about a failed call: the error table's words where the server spoke, ours where it did not answer.
import { TRPCClientError } from '@trpc/client'
import { messages } from '#app/messages/index.ts'
import type { ErrorDetails } from '#contracts/api.ts'

function details(error: unknown): ErrorDetails | undefined {
  if (!(error instanceof TRPCClientError)) return undefined
  const data: unknown = error.data
  if (data === null || typeof data !== 'object' || !('dewpoint' in data)) return undefined
  return data.dewpoint as ErrorDetails
}

export function problemCode(error: unknown): string | undefined {
  return details(error)?.code
}

/** No answer at all: the network, or a server that is starting again. */
function unanswered(error: unknown): boolean {
  return error instanceof TRPCClientError && (error.data === undefined || error.data === null)
}

/** Worth the same call again in a moment, without asking the person. */
export function isTransient(error: unknown): boolean {
  const code = problemCode(error)
  return (
    unanswered(error) ||
    code === 'database.unavailable' ||
    code === 'storage.unavailable' ||
    code === 'server.stopping' ||
    code === 'requests.too-many'
  )
}

export function problemText(error: unknown): string {
  const known = details(error)
  if (known) return known.code === 'input.invalid' && known.detail ? known.detail : known.userMessage
  return unanswered(error) ? messages.problem.network : messages.problem.error
}
