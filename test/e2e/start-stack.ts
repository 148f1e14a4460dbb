// The stack of one end-to-end test file: website, bucket and worker of its own, and a fresh database of the run's server.
import { createTestDatabase } from '#test/harness/postgres.ts'
import { startTestStack, type TestStack, type TestStackOptions } from '#test/harness/stack.ts'

export async function startE2eStack({ env = {}, ...options }: TestStackOptions = {}): Promise<TestStack> {
  const database = await createTestDatabase()
  try {
    const stack = await startTestStack({ ...options, env: { DATABASE_URL: database.url, ...env } })
    return {
      ...stack,
      async stop() {
        await stack.stop()
        await database.drop()
      },
    }
  } catch (error) {
    await database.drop()
    throw error
  }
}
