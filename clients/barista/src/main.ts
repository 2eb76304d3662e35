import { Client, fetchExchange } from '@urql/core'
import urql from '@urql/vue'
import { createApp } from 'vue'
import App from './App.vue'
import './barista.css'
import { i18n, preferredLocale, speak } from './i18n/i18n.ts'

const answerWithin = 10_000

// No cache: what is shown is what the server said last, and its event stream says it.
const client = new Client({
  url: '/graphql',
  exchanges: [fetchExchange],
  preferGetMethod: false,
  fetchOptions: { credentials: 'same-origin' },
  fetch: (input, init) => {
    const patience = AbortSignal.timeout(answerWithin)
    return fetch(input, {
      ...init,
      signal: init?.signal ? AbortSignal.any([init.signal, patience]) : patience,
    })
  },
})

// Not awaited here: the words of a language need what is in this file, which then would wait for them for ever.
void speak(preferredLocale())
  // Better in English than not at all.
  .catch(() => undefined)
  .then(() => createApp(App).use(i18n).use(urql, client).mount('#app'))
