import { createI18n } from 'petite-vue-i18n'
import { en, type Messages } from './en.ts'

export const locales = ['en', 'es'] as const
export type Locale = (typeof locales)[number]

const kept = 'bobarista.locale'

const isLocale = (text: string | null | undefined): text is Locale => locales.includes(text as Locale)

/** The language chosen at this console, else the browser's when we speak it, else English. */
export function preferredLocale(): Locale {
  const candidates = [localStorage.getItem(kept), ...navigator.languages.map(each => each.split('-')[0])]
  return candidates.find(isLocale) ?? 'en'
}

// Without the compiler of messages, which weighs more than they do: one with a gap in it is a function.
export const i18n = createI18n<[Messages], Locale, false>({
  legacy: false,
  locale: 'en',
  fallbackLocale: 'en',
  messages: { en, es: en },
})

/** Loads the words of a language, shows them, and keeps the choice on this device. */
export async function speak(locale: Locale): Promise<void> {
  if (locale === 'es') {
    const { es } = await import('./es.ts')
    i18n.global.setLocaleMessage('es', es)
  }
  i18n.global.locale.value = locale
  document.documentElement.lang = locale
  localStorage.setItem(kept, locale)
}
