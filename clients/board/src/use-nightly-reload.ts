import { onScopeDispose } from 'vue'
import { minuteOfDay } from './shop-time.ts'

const lookEvery = 60_000
const nightBegins = 4 * 60
const nightEnds = 5 * 60
/** Boards that share a network do not all reload in the same minute. */
const spread = 30
/** A board that was opened at night has nothing to get rid of yet. */
const leastAge = 2 * 60 * 60_000

/**
 * Loads the page anew once a night, at about four: what a browser gathers in months is gone, and a new version comes in.
 * Only when the api answers, because a browser's error page would stay on the TV until somebody came.
 */
export function useNightlyReload(shop: { timezone: () => string | undefined; now: () => number }): void {
  const openedAt = Date.now()
  const begins = nightBegins + Math.floor(Math.random() * spread)

  async function look(): Promise<void> {
    const minute = minuteOfDay(shop.timezone(), shop.now())
    if (minute < begins || minute >= nightEnds || Date.now() - openedAt < leastAge) return
    const page = await fetch(location.pathname, { cache: 'no-store' }).catch(() => undefined)
    if (page?.ok) location.reload()
  }

  const timer = setInterval(() => void look(), lookEvery)
  onScopeDispose(() => clearInterval(timer))
}
