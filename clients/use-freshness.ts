import { computed, type ComputedRef, ref } from 'vue'
import { useNow } from './use-now.ts'

/** `waiting` before the first picture; then how far it can be trusted. */
export type Freshness = 'waiting' | 'fresh' | 'stale' | 'lost'

const staleAfter = 10_000
const lostAfter = 20_000

/** How old the picture on a screen is, so that the screen never shows an old one in silence. */
export function useFreshness(): {
  freshness: ComputedRef<Freshness>
  /** Whole seconds since the picture was last proven fresh. */
  age: ComputedRef<number>
  heard: () => void
} {
  const now = useNow(1_000)
  const heardAt = ref<number>()
  // Wall-clock time, because a monotonic clock may stand still while the device sleeps. Set back, it must not look fresh.
  const silence = computed(() => Math.abs(now.value - (heardAt.value ?? now.value)))
  const freshness = computed(() => {
    if (heardAt.value === undefined) return 'waiting'
    if (silence.value < staleAfter) return 'fresh'
    return silence.value < lostAfter ? 'stale' : 'lost'
  })
  return {
    freshness,
    age: computed(() => Math.floor(silence.value / 1_000)),
    heard: () => (heardAt.value = Date.now()),
  }
}
