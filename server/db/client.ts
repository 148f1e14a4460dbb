// The database client: Prisma over a pg pool. One per process; use cases receive it, they never make one.
import { PrismaPg } from '@prisma/adapter-pg'
import { type Prisma, PrismaClient } from './generated/client.ts'

export type Db = PrismaClient
/** What a use case gets inside `db.$transaction`. */
export type Tx = Prisma.TransactionClient

export interface DbOptions {
  /** Connections held at most. 10: five web requests in transactions plus as many single queries, far below the server's 100. */
  readonly connectionsMax?: number
  /** An idle connection broke (the server restarted, say); the pool opens a new one by itself. */
  readonly onConnectionError?: (error: Error) => void
}

/** A client for `databaseUrl`; connects on first use. Whoever creates it calls `$disconnect()`. */
export function createDb(databaseUrl: string, options: DbOptions = {}): Db {
  const ignore = () => {}
  const adapter = new PrismaPg(
    {
      connectionString: databaseUrl,
      max: options.connectionsMax ?? 10,
      // A server that does not answer must not hold a request for the operating system's two minutes.
      connectionTimeoutMillis: 5_000,
      // A statement that takes this long is lost already; the lock it may hold is worth more.
      statement_timeout: 30_000,
    },
    { onPoolError: options.onConnectionError ?? ignore, onConnectionError: options.onConnectionError ?? ignore },
  )
  // 10 s: a transaction here is a handful of short statements; one that waits longer for a connection or a lock fails cleanly.
  // minimal: Prisma's longer messages quote the query's values, and those may be prompts.
  return new PrismaClient({ adapter, errorFormat: 'minimal', transactionOptions: { maxWait: 5_000, timeout: 10_000 } })
}
