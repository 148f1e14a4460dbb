// A person's own generations, newest first, a page at a time. Deleted ones and checks are left out.
import type { GenerationPage } from '#contracts/api.ts'
import type { Deps } from '../deps.ts'
import { readLogEnd } from '../events/read-events.ts'
import { readCursor, writeCursor } from './cursor.ts'
import { GENERATION_ROW, toGenerationDtos } from './generation-dto.ts'

/** @throws DewpointError input.invalid (a cursor of someone else's making) */
export async function listGenerations(
  deps: Pick<Deps, 'db' | 'appUrl' | 'signingKey'>,
  input: { readonly userId: string; readonly cursor: string | null; readonly limit: number },
): Promise<GenerationPage> {
  const after = input.cursor === null ? null : readCursor(deps.signingKey, input.cursor)
  // Before the page is read: following the log from here can repeat what the page shows, but never miss anything.
  const logEnd = await readLogEnd(deps.db, input.userId)
  const rows = await deps.db.generation.findMany({
    where: {
      userId: input.userId,
      deletedAt: null,
      checksImageId: null,
      ...(after === null
        ? {}
        : { OR: [{ createdAt: { lt: after.createdAt } }, { createdAt: after.createdAt, id: { lt: after.id } }] }),
    },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    // One more than asked for tells whether there is a next page.
    take: input.limit + 1,
    select: GENERATION_ROW,
  })
  const page = rows.slice(0, input.limit)
  const last = page.at(-1)
  return {
    items: await toGenerationDtos(deps.db, deps.appUrl, page),
    nextCursor: rows.length > input.limit && last !== undefined ? writeCursor(deps.signingKey, last) : null,
    lastEventId: String(logEnd),
  }
}
