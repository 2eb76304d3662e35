import { proxyRefs, shallowRef, watch } from 'vue'
import type { Order } from '../documents.ts'
import { t } from '../i18n/i18n.ts'
import type { Settings } from '../settings.ts'
import type { useOrders } from '../use-orders.ts'
import ConsoleTools from './ConsoleTools.vue'
import { type Dialog, useDialogs } from './dialogs.ts'
import { useAlerts } from './use-alerts.ts'
import { useConsoleKeys } from './use-console-keys.ts'
import { useMoves } from './use-moves.ts'
import { useRecall } from './use-recall.ts'
import { useSounds } from './use-sounds.ts'
import { useTicketFocus } from './use-ticket-focus.ts'
import { useTools } from './use-tools.ts'

interface Screen extends ReturnType<typeof useOrders> {
  settings: Settings
  tell: (message: string) => void
  signOut: () => Promise<void>
  signedOut: () => void
  /** Where the tickets lie. */
  main: HTMLElement
}

/**
 * What the console does besides showing orders: it sends what is tapped, rings, listens to keys, keeps the focus, and
 * opens dialogs. Loaded when the orders are on their way, because nobody waits for it before. It ends with the scope that
 * is active.
 */
export function attend(screen: Screen) {
  const { settings, toMake, freshness, menu, clockOffset, main, tell } = screen
  const moves = useMoves(screen)
  const { tap, isTouched } = moves
  const sound = useSounds(settings)
  useAlerts(toMake, freshness, isTouched, sound.play)
  const focus = useTicketFocus(main)
  const dialogs = useDialogs(() => tell(t('head.notLoaded')))
  const recall = useRecall({ ...screen, tap, open: dialogs.open })
  const tools = useTools({ ...screen, has: dialogs.has, open })
  const typed = useConsoleKeys({ ...screen, tap, isTouched, focus, tools })
  const labels = (order: Pick<Order, 'id'>) => void dialogs.open('LabelsPanel', { order })

  function open(dialog: Dialog): void {
    void dialogs.open(dialog, {
      onRecall: recall,
      onLabels: labels,
      ...(dialog === 'settings' && { settings, shop: menu.value?.shop, play: sound.play }),
      ...(dialog === 'recalls' && { now: Date.now() + clockOffset.value }),
      ...(dialog === 'help' && { tools: tools.value, letters: settings.shortcuts }),
    })
  }

  /** What is sold out or paused; the orders do not wait for it. */
  const banner = shallowRef<Awaited<ReturnType<typeof dialogs.load>>>()
  watch(menu, async () => (banner.value ??= await dialogs.load('ShopBanner')), { immediate: true })
  void dialogs.fetchAhead()

  return proxyRefs({
    ...moves,
    ConsoleTools,
    banner,
    typed,
    tools,
    soundBlocked: sound.blocked,
    unlockSound: sound.unlock,
    /** The dialog that is open. */
    dialog: dialogs.shown,
    closeDialog(): void {
      dialogs.shown.value = undefined
      setTimeout(focus.restore)
    },
    recall,
    labels,
    cancel(order: Order): void {
      // It cannot be taken back, and what is seen of the order may be old: not asked for, rather than kept for later.
      if (freshness.value !== 'fresh') return tell(t('offline.refused', { number: order.number }))
      const onConfirm = (reason: string) => void tap(order, 'cancel', { reason })
      void dialogs.open('cancel', { order, onConfirm })
    },
  })
}

export type Attendance = ReturnType<typeof attend>
