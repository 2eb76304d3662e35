import { env } from 'node:process'
import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

const api = env.API_URL || 'http://127.0.0.1:4000'

const later = /\/(dialogs|panels|attend|sign-in)\/|\/(es|en-later)\.ts|\/(chart\.js|@kurkle|uqr)\//

export default defineConfig({
  base: '/barista/',
  plugins: [vue({ features: { optionsAPI: false } })],
  resolve: {
    alias: {
      // Messages are strings and functions, so nothing has to be compiled where they are shown.
      'petite-vue-i18n': 'petite-vue-i18n/dist/petite-vue-i18n.runtime.mjs',
      '@intlify/message-compiler': fileURLToPath(new URL('src/i18n/no-compiler.ts', import.meta.url)),
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
    // The first that know light-dark(), which both themes are written with.
    target: ['chrome123', 'edge123', 'firefox121', 'safari17.5'],
    modulePreload: {
      polyfill: false,
      // What is loaded on demand finds most of its scripts there already; their names would weigh more than they save.
      resolveDependencies: (_, files, { hostType }) =>
        hostType === 'html' ? files : files.filter(file => file.endsWith('.css')),
    },
    rolldownOptions: {
      output: {
        // One file compresses better than the parts that it shares with what is loaded on demand.
        codeSplitting: { groups: [{ name: 'console', test: id => !later.test(id) }] },
      },
    },
  },
  server: { proxy: { '/graphql': { target: api, ws: true } } },
})
