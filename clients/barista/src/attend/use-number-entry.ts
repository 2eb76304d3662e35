import type { Ref } from 'vue'
import type { Move, Order } from '../documents.ts'
import { t } from '../i18n/i18n.ts'

interface Lists {
  toMake: Readonly<Ref<Order[]>>
  ready: Readonly<Ref<Order[]>>
  tap: (order: Order, move: Move, variables?: Record<string, unknown>) => Promise<void>
  tell: (message: string) => void
}

/** What happens to an order whose number is typed or scanned: the next thing that is to be done with it. */
export function useNumberEntry({ toMake, ready, tap, tell }: Lists): (entry: string) => void {
  return entry => {
    const [number = '', cup] = entry.split('-')
    const isIt = (order: Order) => order.number === number && order.status !== 'CANCELLED'
    const order = toMake.value.find(isIt) ?? ready.value.find(isIt)
    if (!order) return tell(t('scan.unknown', { number }))
    if (cup) return tickCup(order, cup)
    if (order.status !== 'READY') return void tap(order, 'done')
    if (toMake.value.includes(order)) return tell(t('scan.held', { number }))
    void tap(order, 'pickedUp')
  }

  function tickCup(order: Order, position: string): void {
    const { number, status, items } = order
    const cup = items[Number(position) - 1]
    if (!cup) return tell(t('scan.noCup', { number, cup: position, count: items.length }))
    if (status === 'READY') return tell(t('scan.over', { number }))
    void tap(order, 'cup', { cup: cup.id, done: !cup.doneAt })
  }
}
