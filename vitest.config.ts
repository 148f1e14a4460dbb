// Three kinds of test, one runner: unit (no services), integration (real PostgreSQL, bucket, ONNX) and e2e (real Chromium).
import { defineConfig } from 'vitest/config'

const project = (name: string, include: string[], options: object = {}) => ({
  extends: true as const,
  test: { name, include, exclude: ['**/node_modules/**', '.data/**'], ...options },
})

export default defineConfig({
  test: {
    // Limits tell what hangs from what is slow, nothing else: no test may depend on how fast the machine is.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 120_000 } },
    reporters: ['default', './scripts/lib/count-reporter.ts'],
    projects: [
      project('unit', ['test/**/*.test.ts', '!test/integration/**', '!test/e2e/**', '!test/faults/**']),
      // One process at a time: each file starts its own services, and two cores are what there is.
      project('integration', ['test/integration/**/*.test.ts', 'test/faults/**/*.test.ts'], {
        globalSetup: ['test/harness/global-postgres.ts'],
        fileParallelism: false,
        testTimeout: 180_000,
      }),
      project('e2e', ['test/e2e/**/*.test.ts'], { fileParallelism: false, testTimeout: 300_000, hookTimeout: 300_000 }),
    ],
  },
})
