// The database client: Prisma over a pg pool. One per process; use cases receive it, they never make one.
import { PrismaPg } from '@prisma/adapter-pg'
import { type Prisma, PrismaClient } from './generated/client.ts'

export type Db = PrismaClient
/** What a use case gets inside `db.$transaction`. */
export type Tx = Prisma.TransactionClient

export interface DbOptions {
  /** Connections held at most. */
  readonly connectionsMax?: number
  /** An idle connection broke (the server restarted, say); the pool opens a new one by itself. */
  readonly onConnectionError?: (error: Error) => void
}

/** Twelve: four people with three calls each (server/guards/guards.ts), far below the server's 100. */
const CONNECTIONS_MAX = 12

/** A client for `databaseUrl`; connects on first use. Whoever creates it calls `$disconnect()`. */
export function createDb(databaseUrl: string, options: DbOptions = {}): Db {
  const ignore = () => {}
  const adapter = new PrismaPg(
    {
      connectionString: databaseUrl,
      max: options.connectionsMax ?? CONNECTIONS_MAX,
      // A server that does not answer must not hold a request for the operating system's two minutes.
      connectionTimeoutMillis: 5_000,
      // A statement that takes this long is lost already; the lock it may hold is worth more.
      statement_timeout: 30_000,
      // Whoever waits for a lock holds a connection others could use. The longest holder is a transaction of a few short statements.
      lock_timeout: 2_000,
    },
    { onPoolError: options.onConnectionError ?? ignore, onConnectionError: options.onConnectionError ?? ignore },
  )
  // 10 s: a transaction here is a handful of short statements; one that waits longer for a connection or a lock fails cleanly.
  // minimal: Prisma's longer messages quote the query's values, and those may be prompts.
  return new PrismaClient({ adapter, errorFormat: 'minimal', transactionOptions: { maxWait: 5_000, timeout: 10_000 } })
}
