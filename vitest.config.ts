// Three kinds of test, one runner: unit (no services), integration (real PostgreSQL, bucket, ONNX) and e2e (real Chromium).
import { defineConfig } from 'vitest/config'

const project = (name: string, include: string[], options: object = {}) => ({
  extends: true as const,
  test: { name, include, exclude: ['**/node_modules/**', '.data/**'], ...options },
})

export default defineConfig({
  test: {
    reporters: ['default', './scripts/lib/count-reporter.ts'],
    projects: [
      project('unit', ['test/**/*.test.ts', '!test/integration/**', '!test/e2e/**', '!test/faults/**']),
      // One process at a time: each file starts its own services, and two cores are what there is.
      project('integration', ['test/integration/**/*.test.ts', 'test/faults/**/*.test.ts'], {
        globalSetup: ['test/harness/global-postgres.ts'],
        fileParallelism: false,
        testTimeout: 60_000,
        hookTimeout: 120_000,
      }),
      project('e2e', ['test/e2e/**/*.test.ts'], { fileParallelism: false, testTimeout: 120_000, hookTimeout: 300_000 }),
    ],
  },
})
