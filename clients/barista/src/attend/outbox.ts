import { ref } from 'vue'
import type { Tap } from '../tap.ts'

const kept = 'bobarista.outbox'

/** Taps that the server does not know yet, in order, kept on the device so that a reload does not lose them. */
export function useOutbox() {
  const taps = ref(read())

  function keep(next: Tap[]): void {
    taps.value = next
    localStorage.setItem(kept, JSON.stringify(next))
  }

  return {
    taps,
    /** The same tap is kept once, and ticking a cup off takes ticking it on back. */
    add(tap: Tap): void {
      const others = taps.value.filter(
        each =>
          each.order !== tap.order || each.move !== tap.move || each.variables.cup !== tap.variables.cup,
      )
      keep([...others, tap])
    },
    remove: (...gone: Tap[]): void => keep(taps.value.filter(tap => !gone.includes(tap))),
  }
}

function read(): Tap[] {
  try {
    return JSON.parse(localStorage.getItem(kept) ?? '[]') as Tap[]
  } catch {
    return []
  }
}
