import { defineConfig } from 'vitest/config'

/**
 * Tests of the api that open no database, or one of a certain engine, or that look at roads, documents and clients, to
 * which the engine makes no difference.
 */
const oneEngine = [
  ...['cors', 'cost', 'errors', 'event-stream', 'limits', 'owner', 'rate-limits', 'recipes', 'rules'],
  ...['schema', 'screens', 'start', 'tail', 'texts', 'third-party-clients'],
].map(name => `tests/api/${name}.test.ts`)

export default defineConfig({
  // graphql ships itself twice, and its ES module copy does not recognise what the other one has made.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    testTimeout: 60_000,
    // A busy machine may take its time for what is waited for; a test that goes well does not wait for it.
    expect: { poll: { timeout: 10_000 } },
    hookTimeout: 60_000,
    pool: 'forks',
    // Most of what tests do is wait: two of them at once leave two cores idle for half of the time.
    maxWorkers: 3,
    // No file leaves anything behind for the next one, so that what they all import is loaded once.
    isolate: false,
    projects: [
      {
        extends: true,
        test: {
          name: 'sqlite',
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/api/postgresql.test.ts'],
          env: { TEST_DATABASE_URL: '' },
        },
      },
      {
        extends: true,
        test: {
          name: 'postgresql',
          include: ['tests/api/*.test.ts'],
          exclude: oneEngine,
          globalSetup: 'tests/support/postgresql.ts',
          setupFiles: 'tests/support/on-postgresql.ts',
        },
      },
    ],
  },
})
