import { reactive, type Ref } from 'vue'
import { refusalWords } from '../../words.ts'
import { useAsk } from '../frame/use-ask.ts'
import {
  delayOrdering,
  type MenuItem,
  pauseOrdering,
  type Period,
  setAvailability,
  type Shop,
  type ShopMenu,
} from './shop-documents.ts'

/**
 * Sells out and puts back, pauses and delays.
 * @param menu changes only by what the server answers
 */
export function useShopControls(menu: Ref<ShopMenu | undefined>) {
  const { ask, problem } = useAsk()
  /** What has been asked for and is not answered: ids of items, "pause", "delay". */
  const busy = reactive(new Set<string>())

  function showItem(item: MenuItem): void {
    if (!menu.value) return
    const items = menu.value.items.map(each => (each.id === item.id ? item : each))
    menu.value = { ...menu.value, items }
  }

  function showShop(shop: Shop): void {
    if (menu.value) menu.value = { ...menu.value, shop }
  }

  /** Asks once at a time about the same thing. */
  async function once(what: string, work: () => Promise<void>): Promise<void> {
    if (busy.has(what)) return
    busy.add(what)
    try {
      await work()
    } finally {
      busy.delete(what)
    }
  }

  return {
    busy,
    problem,
    setAvailable: (item: MenuItem, available: boolean, period: Period = 'UNTIL_LIFTED') =>
      once(item.id, async () => {
        const answer = await ask(setAvailability, { item: item.id, available, period })
        if (answer?.result.__typename === 'MenuItem') showItem(answer.result)
        else if (answer) problem.value = refusalWords({ ...answer.result, order: null })
      }),
    pause: (paused: boolean, period: Period = 'UNTIL_LIFTED') =>
      once('pause', async () => {
        const answer = await ask(pauseOrdering, { paused, period })
        if (answer) showShop(answer.result)
      }),
    delay: (minutes: number, period: Period = 'UNTIL_LIFTED') =>
      once('delay', async () => {
        const answer = await ask(delayOrdering, { minutes, period })
        if (answer?.result.__typename === 'Shop') showShop(answer.result)
        else if (answer) problem.value = refusalWords({ ...answer.result, order: null })
      }),
  }
}
