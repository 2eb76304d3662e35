import { onScopeDispose, type Ref, ref, watch } from 'vue'
import type { BoardOrder } from './documents.ts'
import { readyTime } from './use-board.ts'

const shownFor = 6_000
/** More numbers than these would not be large any more. */
const together = 4
/** After a break: who was called longer ago than this has looked at the list. */
const lateBy = 5 * 60_000

/** Orders whose guests are to be called. */
export interface Callable {
  ready: () => BoardOrder[]
  now: () => number
  /** Whether the picture is fresh. What is known from an old one is not called out. */
  trusted: () => boolean
}

/**
 * Calls the guests whose orders become ready: their numbers take turns in filling the screen, at the time at which they
 * are called and not before, so that an order that was taken back until then is not called.
 * @param called told of the numbers that begin to be shown
 * → the numbers to show now
 */
export function useCalls(
  { ready, now, trusted }: Callable,
  called: (numbers: string[]) => void,
): Readonly<Ref<string[]>> {
  const shown = ref<string[]>([])
  /** When those were called who may not be called once more, though a replayed event may bring them again. */
  const known = new Map<string, number>()
  /** Those of the first picture were called before this board was there. */
  let begun = false
  let queue: string[] = []
  let timer: ReturnType<typeof setTimeout> | undefined

  function look(): void {
    if (!trusted()) return
    for (const order of ready()) {
      const key = `${order.number} ${order.readyAt}`
      const age = now() - readyTime(order)
      if (age < 0 || age > lateBy || known.has(key)) continue
      known.set(key, readyTime(order))
      if (begun) queue.push(order.number)
    }
    begun = true
    for (const [key, time] of known) if (now() - time > 2 * lateBy) known.delete(key)
    shown.value = shown.value.filter(isReady)
    if (!timer) showNext()
  }

  function isReady(wanted: string): boolean {
    return ready().some(({ number }) => number === wanted)
  }

  function showNext(): void {
    queue = queue.filter(isReady)
    shown.value = queue.splice(0, together)
    timer = shown.value.length > 0 ? setTimeout(showNext, shownFor) : undefined
    if (timer) called(shown.value)
  }

  watch([ready, now, trusted], look)
  onScopeDispose(() => clearTimeout(timer))
  return shown
}
