import { commonWords } from '../frame/common-words.ts'
import { momentWords } from '../frame/format.ts'
import { useWords } from '../frame/use-words.ts'
import type { MenuItem, Shop } from './shop-documents.ts'
import { soldOutWords } from './sold-out-words.ts'

/** Says how long something lasts, on the shop's clock. */
export function useLasting() {
  const { t, locale } = useWords(soldOutWords)
  const { t: common } = useWords(commonWords)
  const time = (iso: string, { timezone }: Shop) => momentWords(iso, timezone, locale.value)
  return {
    t,
    common,
    itemWords(item: MenuItem, shop: Shop): string {
      if (item.available) return t('available')
      return item.soldOutUntil ? t('soldOutUntil', { time: time(item.soldOutUntil, shop) }) : t('soldOut')
    },
    pauseWords: (shop: Shop): string =>
      shop.pausedUntil ? t('pausedUntil', { time: time(shop.pausedUntil, shop) }) : t('paused'),
    delayWords(shop: Shop): string {
      const minutes = shop.delayMinutes
      return shop.delayedUntil
        ? t('delayedUntil', { minutes, time: time(shop.delayedUntil, shop) })
        : t('delayed', { minutes })
    },
    /** "until 3:45 PM"; empty when it lasts until it is lifted. */
    until: (iso: string | null | undefined, shop: Shop): string =>
      iso ? t('until', { time: time(iso, shop) }) : '',
  }
}
