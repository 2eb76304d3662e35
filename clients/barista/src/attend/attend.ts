import { computed, type Ref } from 'vue'
import type { Freshness } from '../../../use-freshness.ts'
import type { Order } from '../documents.ts'
import ConsoleTools from './ConsoleTools.vue'
import { useAlerts } from './use-alerts.ts'
import { type Console, useConsoleKeys } from './use-console-keys.ts'
import { useSounds } from './use-sounds.ts'
import { useTicketFocus } from './use-ticket-focus.ts'
import { type Tools, useTools } from './use-tools.ts'

interface Attended extends Omit<Console, 'focus' | 'tools'>, Tools {
  freshness: Readonly<Ref<Freshness>>
  isTouched: (order: Order) => boolean
  main: HTMLElement
}

/**
 * What the console does besides showing orders: it rings, listens to keys, keeps the focus and offers its tools. Loaded
 * when the orders are on the screen, because nobody waits for it before.
 */
export function attend(screen: Attended) {
  const { settings, toMake, freshness, isTouched, main } = screen
  const sound = useSounds(settings)
  useAlerts(toMake, freshness, isTouched, sound.play)
  const focus = useTicketFocus(main)
  const tools = useTools(screen)
  const typed = useConsoleKeys({ ...screen, focus, tools })
  return computed(() => ({
    ConsoleTools,
    typed: typed.value,
    tools: tools.value,
    soundBlocked: sound.blocked.value,
    unlockSound: sound.unlock,
    play: sound.play,
    restoreFocus: focus.restore,
  }))
}
