import { env } from 'node:process'
import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

const api = env.API_URL || 'http://127.0.0.1:4000'

export default defineConfig({
  base: '/barista/',
  plugins: [vue({ features: { optionsAPI: false } })],
  build: {
    outDir: fileURLToPath(new URL('../../dist/clients/barista', import.meta.url)),
    emptyOutDir: true,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/graphql': { target: api, ws: true } } },
})
