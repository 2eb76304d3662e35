import { useI18n } from 'petite-vue-i18n'
import type { ComputedRef } from 'vue'

/** What fills the gaps of a message. */
interface Gaps {
  named(key: string): unknown
}

/** Messages by name; one with a gap is a function. Give the Spanish ones the type of the English ones. */
export type Words = Record<string, string | ((gaps: Gaps) => string)>

export interface Spoken<W> {
  /** A message in the language that the console speaks. */
  t: (name: keyof W & string, gaps?: Record<string, string | number>) => string
  /** Language of the console, for `Intl`. */
  locale: ComputedRef<string>
}

/** The words of a panel, which are loaded with it. */
export function useWords<W extends Words>(messages: { en: W; es: W }): Spoken<W> {
  // Not 'local', of which a component has but one: a panel and what it uses bring words of their own.
  const { t, locale } = useI18n({ useScope: 'isolated', messages })
  return { t: t as Spoken<W>['t'], locale: locale as ComputedRef<string> }
}
