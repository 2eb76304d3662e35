import { createI18n } from 'petite-vue-i18n'
import { en, type Message } from './en.ts'
import type { later } from './en-later.ts'

export const locales = { en: 'English', es: 'Español' } as const
export type Locale = keyof typeof locales
export type Key = keyof typeof en | keyof typeof later

/** A language has to have words for every key. */
export type Words = Record<Key, string | Message>

const kept = 'bobarista.locale'

const isLocale = (text: string | null | undefined): text is Locale => !!text && text in locales

/** The language chosen at this console, else the browser's when we speak it, else English. */
export function preferredLocale(): Locale {
  const candidates = [localStorage.getItem(kept), ...navigator.languages.map(each => each.split('-')[0])]
  return candidates.find(isLocale) ?? 'en'
}

// Without the compiler of messages, which weighs more than they do: one with a gap in it is a function.
export const i18n = createI18n<[Record<string, string | Message>], Locale, false>({
  legacy: false,
  locale: 'en',
  fallbackLocale: 'en',
  messages: { en, es: {} },
})

/** The console's words in the language that is spoken. @param values what goes into their gaps */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  return i18n.global.t(key, values)
}

/** Whether there are words for something that the server names. */
export const isKey = (key: string): key is Key => key in i18n.global.getLocaleMessage('en')

/** Adds the words that something brings along which is loaded on demand. → `t` for them */
export function bring<Own extends string>(
  words: Record<Locale, Record<Own, string | Message>>,
): (key: Own, values?: Record<string, string | number>) => string {
  for (const locale of ['en', 'es'] as const) i18n.global.mergeLocaleMessage(locale, words[locale])
  return (key, values = {}) => i18n.global.t(key, values)
}

/** Loads the words that nobody reads before the orders are on the screen. */
export async function learnRest(): Promise<void> {
  const { later } = await import('./en-later.ts')
  i18n.global.mergeLocaleMessage('en', later)
}

/** Loads the words of a language and shows them. */
export async function speak(locale: Locale): Promise<void> {
  if (locale === 'es') {
    const { es } = await import('./es.ts')
    i18n.global.mergeLocaleMessage('es', es)
  }
  i18n.global.locale.value = locale
  document.documentElement.lang = locale
}

/** Speaks another language, from now on at this device. */
export async function choose(locale: Locale): Promise<void> {
  await speak(locale)
  localStorage.setItem(kept, locale)
}
