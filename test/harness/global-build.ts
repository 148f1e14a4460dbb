// Vitest's global set-up for tests that drive the built website: one build for all of them. `npm test` has made it by then; a single
// file run by hand has not.
import { buildWebsite, generateDatabaseClient } from '../../scripts/lib/prepare.mjs'

export async function setup(): Promise<void> {
  generateDatabaseClient()
  await buildWebsite()
}
