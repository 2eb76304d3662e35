import { defineConfig } from 'vitest/config'

/** Tests of the api that open no database, or one of a certain engine. */
const oneEngine = [
  'cors',
  'cost',
  'errors',
  'owner',
  'rules',
  'schema',
  'screens',
  'start',
  'tail',
  'texts',
].map(name => `tests/api/${name}.test.ts`)

export default defineConfig({
  // graphql ships itself twice, and its ES module copy does not recognise what the other one has made.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // Most of what tests do is wait. The default leaves one of two cores idle.
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
