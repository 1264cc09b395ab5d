import { defineConfig } from 'vitest/config'

// Unit and integration tests stand beside the code. Files run in forks, because DuckDB and PostgreSQL tests own child processes.
export default defineConfig({
  test: {
    globalSetup: ['tests/postgres.setup.ts'],
    setupFiles: ['tests/property.setup.ts'],
    include: ['apps/*/src/**/*.test.ts', 'engines/*/src/**/*.test.ts', 'tests/arch/**/*.test.ts', 'tests/bench/**/*.test.ts', 'content/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // What is waited for comes soon; on a busy machine a second is not always enough.
    expect: { poll: { timeout: 10_000 } },
  },
})
