import { computed, type Ref } from 'vue'
import type { Freshness } from '../../use-freshness.ts'
import type { Order } from './documents.ts'
import { useAlerts } from './use-alerts.ts'
import { type Console, useConsoleKeys } from './use-console-keys.ts'
import { useSounds } from './use-sounds.ts'
import { useTicketFocus } from './use-ticket-focus.ts'

interface Attended extends Omit<Console, 'focus'> {
  freshness: Readonly<Ref<Freshness>>
  isTouched: (order: Order) => boolean
  main: HTMLElement
}

/**
 * What the console does besides showing orders: it rings, listens to keys and keeps the focus. Loaded when the orders
 * are on the screen, because nobody waits for it before.
 */
export function attend(screen: Attended) {
  const { settings, toMake, freshness, isTouched, main } = screen
  const sound = useSounds(settings)
  useAlerts(toMake, freshness, isTouched, sound.play)
  const focus = useTicketFocus(main)
  const typed = useConsoleKeys({ ...screen, focus })
  return computed(() => ({
    typed: typed.value,
    soundBlocked: sound.blocked.value,
    unlockSound: sound.unlock,
    play: sound.play,
    restoreFocus: focus.restore,
  }))
}
