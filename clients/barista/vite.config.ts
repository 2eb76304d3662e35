import { env } from 'node:process'
import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

const api = env.API_URL || 'http://127.0.0.1:4000'

export default defineConfig({
  base: '/barista/',
  plugins: [vue({ features: { optionsAPI: false } })],
  // Messages are strings and functions, so nothing has to be compiled where they are shown.
  resolve: { alias: { 'petite-vue-i18n': 'petite-vue-i18n/dist/petite-vue-i18n.runtime.mjs' } },
  define: {
    __VUE_I18N_FULL_INSTALL__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
    __INTLIFY_DROP_MESSAGE_COMPILER__: true,
  },
  build: {
    outDir: fileURLToPath(new URL('../../dist/clients/barista', import.meta.url)),
    emptyOutDir: true,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/graphql': { target: api, ws: true } } },
})
