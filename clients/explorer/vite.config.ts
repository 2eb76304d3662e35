import { env } from 'node:process'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const api = env.API_URL || 'http://127.0.0.1:4000'

export default defineConfig({
  base: '/explorer/',
  publicDir: fileURLToPath(new URL('../board/public', import.meta.url)),
  // graphql ships itself twice; the parts of the explorer have to agree on one.
  resolve: { dedupe: ['graphql', 'react', 'react-dom'] },
  build: {
    outDir: fileURLToPath(new URL('../../dist/clients/explorer', import.meta.url)),
    emptyOutDir: true,
    target: ['chrome123', 'edge123', 'firefox121', 'safari17.5'],
    modulePreload: { polyfill: false },
    // The editor is what it is, and comes once from this machine.
    chunkSizeWarningLimit: 10_000,
    rolldownOptions: {
      onLog: (level, log, report) => {
        // "use client" is for servers that render React.
        if (log.code !== 'MODULE_LEVEL_DIRECTIVE') report(level, log)
      },
    },
  },
  // What begins workers cannot be bundled ahead.
  optimizeDeps: { exclude: ['graphiql/setup-workers/vite', '@graphiql/react/setup-workers/vite'] },
  server: { proxy: { '/graphql': { target: api, ws: true } } },
})
