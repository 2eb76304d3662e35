import { env } from 'node:process'
import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

const api = env.API_URL || 'http://127.0.0.1:4000'

export default defineConfig({
  base: '/board/',
  plugins: [vue({ features: { optionsAPI: false } })],
  build: {
    outDir: fileURLToPath(new URL('../../dist/clients/board', import.meta.url)),
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    // TV sticks are seldom updated: what they browse with is some years old.
    target: 'chrome87',
  },
  server: { proxy: { '/graphql': { target: api, ws: true } } },
})
