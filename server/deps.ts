// What use cases may be given. Each takes the part it needs: `Pick<Deps, 'db' | 'queue'>`.
import type { Limits } from './allowance/limits.ts'
import type { Db } from './db/client.ts'
import type { Notifications } from './db/notifications.ts'
import type { Log } from './log.ts'
import type { InstalledModels } from './model-folder/installed-models.ts'
import type { Queue } from './queue/queue.ts'
import type { Storage } from './storage/index.ts'

export interface Deps {
  readonly db: Db
  readonly storage: Storage
  readonly queue: Queue
  readonly notifications: Notifications
  readonly models: InstalledModels
  readonly limits: Limits
  /** Without a slash at the end. */
  readonly appUrl: string
  /** Signs what clients hold and must not change (cursors). */
  readonly signingKey: Buffer
  readonly log: Log
}
