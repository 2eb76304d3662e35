import { computed, onScopeDispose, type Ref, watch } from 'vue'
import type { Freshness } from '../../../use-freshness.ts'
import { alertOf } from '../alert-of.ts'
import type { Order } from '../documents.ts'
import { type Sound, sounds } from './use-sounds.ts'

const repeatAfter = 10_000
/** Of a hundred orders in a second one is heard, and seen by their marks are all. */
const pauseBetween = 1_000
const lengthOfOne = 1.1

/** Rings for what nobody has looked at yet, when it comes and again until somebody has. */
export function useAlerts(
  orders: Readonly<Ref<Order[]>>,
  freshness: Readonly<Ref<Freshness>>,
  /** Touched already, but the server does not know yet. */
  isTouched: (order: Order) => boolean,
  play: (sound: Sound, delay: number) => void,
): void {
  const alerts = computed(() => {
    const found = new Map<string, Sound>()
    if (freshness.value === 'lost') found.set('', 'lost')
    for (const order of orders.value) {
      const sound = alertOf(order)
      if (sound && !isTouched(order)) found.set(`${order.id} ${sound} ${order.changedAt}`, sound)
    }
    return found
  })
  const rangAt = new Map<Sound, number>()
  let timer: ReturnType<typeof setTimeout> | undefined

  function ring(due: Set<Sound>): void {
    const now = Date.now()
    sounds
      .filter(sound => due.has(sound) && Math.abs(now - (rangAt.get(sound) ?? 0)) >= pauseBetween)
      .forEach((sound, nth) => {
        rangAt.set(sound, now)
        play(sound, nth * lengthOfOne)
      })
  }

  function repeat(): void {
    timer = setTimeout(() => {
      ring(new Set(alerts.value.values()))
      repeat()
    }, repeatAfter)
  }

  watch(
    alerts,
    (now, before) => {
      const added = [...now].filter(([key]) => !before?.has(key))
      if (added.length > 0) ring(new Set(added.map(([, sound]) => sound)))
      // What came between two rounds is not heard twice in a row.
      if (added.length > 0 && before?.size === 0) {
        clearTimeout(timer)
        repeat()
      }
    },
    { immediate: true },
  )
  repeat()
  onScopeDispose(() => clearTimeout(timer))
}
