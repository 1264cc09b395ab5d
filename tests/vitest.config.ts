import { defineConfig } from 'vitest/config'

const full = process.env['HAECHI_TEST_FULL'] === '1'

// The whole product: servers started as a user starts them, unmodified clients, kills. One file at a time, because each wants both cores.
export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    globalSetup: ['tests/postgres.setup.ts'],
    setupFiles: ['tests/property.setup.ts'],
    include: ['tests/e2e/**/*.test.ts', 'tests/console/**/*.test.ts', 'tests/chaos/**/*.test.ts', 'tests/conformance/**/*.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: full ? 1_800_000 : 240_000,
    hookTimeout: 240_000,
    expect: { poll: { timeout: 30_000 } },
  },
})
