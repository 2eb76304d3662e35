import { computed, ref, watch } from 'vue'
import type { Order } from './documents.ts'

/**
 * Which orders were done so lately that it can be undone before the guest is told. It is looked at again at the moment
 * when the next one is over.
 */
export function useHolds(
  orders: ReadonlyMap<string, Order>,
  serverNow: () => number,
): (order: Order) => boolean {
  const looked = ref(0)
  const endOf = ({ status, holdUntil }: Order) =>
    status === 'READY' && holdUntil ? Date.parse(holdUntil) : 0
  const held = computed(() => {
    void looked.value
    const ends = new Map<string, number>()
    for (const order of orders.values()) {
      const end = endOf(order)
      if (end > serverNow()) ends.set(order.id, end)
    }
    return ends
  })
  watch(
    held,
    (ends, _, onCleanup) => {
      if (ends.size === 0) return
      const timer = setTimeout(() => looked.value++, Math.min(...ends.values()) - serverNow() + 1)
      onCleanup(() => clearTimeout(timer))
    },
    { immediate: true },
  )
  return order => held.value.has(order.id)
}
