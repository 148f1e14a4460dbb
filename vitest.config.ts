// Three kinds of test, one runner: unit (no services), integration (real PostgreSQL, bucket, ONNX) and e2e (real Chromium).
import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/**
 * Test files at once, of whichever kind: each has services, database and browser of its own and most of them wait for something. Two even
 * on one core; over four, memory would be the limit.
 */
const FILES_AT_ONCE = Math.min(Math.max(availableParallelism(), 2), 4)

const project = (name: string, include: string[], options: object = {}) => ({
  extends: true as const,
  test: { name, include, exclude: ['**/node_modules/**', '.data/**'], ...options },
})

export default defineConfig({
  test: {
    maxWorkers: FILES_AT_ONCE,
    // Limits tell what hangs from what is slow, nothing else: no test may depend on how fast the machine is.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 120_000 } },
    reporters: ['default', './scripts/lib/count-reporter.ts'],
    projects: [
      project('unit', ['test/**/*.test.ts', '!test/integration/**', '!test/e2e/**', '!test/faults/**']),
      project('integration', ['test/integration/**/*.test.ts', 'test/faults/**/*.test.ts'], {
        globalSetup: ['test/harness/global-postgres.ts'],
        testTimeout: 180_000,
      }),
      project('e2e', ['test/e2e/**/*.test.ts'], {
        globalSetup: ['test/harness/global-build.ts', 'test/harness/global-postgres.ts'],
        testTimeout: 300_000,
        hookTimeout: 300_000,
      }),
    ],
  },
})
