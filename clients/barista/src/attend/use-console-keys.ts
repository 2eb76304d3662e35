import type { Ref } from 'vue'
import type { Move, Order } from '../documents.ts'
import { t } from '../i18n/i18n.ts'
import type { Settings } from '../settings.ts'
import { alertOf } from '../alert-of.ts'
import { useKeys } from './use-keys.ts'
import { useNumberEntry } from './use-number-entry.ts'
import type { useTicketFocus } from './use-ticket-focus.ts'
import type { Tool } from './use-tools.ts'

export interface Console {
  orders: ReadonlyMap<string, Order>
  toMake: Readonly<Ref<Order[]>>
  ready: Readonly<Ref<Order[]>>
  isHeld: (order: Order) => boolean
  remove: (id: string) => void
  tap: (order: Order, move: Move, variables?: Record<string, unknown>) => Promise<void>
  isTouched: (order: Order) => boolean
  tell: (message: string) => void
  settings: Settings
  tools: Readonly<Ref<Tool[]>>
  focus: ReturnType<typeof useTicketFocus>
}

/** What the keys do at the console. → the number typed so far */
export function useConsoleKeys({
  orders,
  toMake,
  ready,
  isHeld,
  remove,
  tap,
  isTouched,
  tell,
  settings,
  tools,
  focus,
}: Console) {
  /** Undoes what was done last, while the guest has not been told. */
  function undo(): void {
    const held = toMake.value.filter(isHeld)
    const [latest] = held.sort((a, b) => (a.holdUntil! > b.holdUntil! ? -1 : 1))
    if (latest) void tap(latest, 'recall', { tellGuest: false })
    else tell(t('scan.nothingToUndo'))
  }

  /** The next thing that is to be done with the ticket that has the focus: a new one is looked at first. */
  function confirm(): boolean {
    const order = orders.get(focus.focused() ?? '')
    if (!order) return false
    const alert = alertOf(order)
    if (alert === 'cancelled') remove(order.id)
    else if (alert && !isTouched(order)) void tap(order, 'seen')
    else if (order.status !== 'READY') void tap(order, 'done')
    else if (!isHeld(order)) void tap(order, 'pickedUp')
    return true
  }

  const tool = (letter: string) => tools.value.find(each => each.letter === letter)?.use()
  const letters = [...'scfnramo?'].map(letter => [letter, () => tool(letter)])
  const arrows = (['ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight'] as const).map(arrow => [
    arrow,
    () => focus.step(arrow),
  ])
  return useKeys({
    keys: { ...Object.fromEntries([...letters, ...arrows]), u: undo },
    letters: () => settings.shortcuts,
    entered: useNumberEntry({ toMake, ready, tap, tell }),
    confirm,
  })
}
