import { computed, type ComputedRef } from 'vue'
import { i18n } from '../../i18n/i18n.ts'

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
  const { locale } = i18n.global
  return {
    t: (name, gaps = {}) => {
      const message = messages[locale.value][name] as string | ((gaps: Gaps) => string)
      return typeof message === 'string' ? message : message({ named: key => gaps[key] })
    },
    locale: computed(() => locale.value),
  }
}
