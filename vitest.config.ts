import { defineConfig } from 'vitest/config'

export default defineConfig({
  // graphql ships itself twice, and its ES module copy does not recognise what the other one has made.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    include: ['tests/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
  },
})
