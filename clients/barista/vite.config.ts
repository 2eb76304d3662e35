import { env } from 'node:process'
import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

const api = env.API_URL || 'http://127.0.0.1:4000'

const isStyle = (file: string) => file.endsWith('.css')
export default defineConfig({
  base: '/barista/',
  plugins: [vue({ features: { optionsAPI: false } })],
  resolve: {
    alias: {
      // Messages are strings and functions, so nothing has to be compiled where they are shown.
      'petite-vue-i18n': 'petite-vue-i18n/dist/petite-vue-i18n.runtime.mjs',
      // Documents are sent as they are written, so nothing has to be parsed.
      '@0no-co/graphql.web': fileURLToPath(new URL('src/graphql-text.ts', import.meta.url)),
    },
  },
  define: {
    __VUE_I18N_FULL_INSTALL__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
    __INTLIFY_DROP_MESSAGE_COMPILER__: true,
  },
  build: {
    outDir: fileURLToPath(new URL('../../dist/clients/barista', import.meta.url)),
    emptyOutDir: true,
    // What something loaded on demand needs besides its styles is in the first file already, mostly.
    modulePreload: { polyfill: false, resolveDependencies: (_, files) => files.filter(isStyle) },
  },
  server: { proxy: { '/graphql': { target: api, ws: true } } },
})
