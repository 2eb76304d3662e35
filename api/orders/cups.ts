import { refuse } from '../carts/refusal.ts'
import type { Context } from '../context.ts'
import { EventType } from '../events/event.entity.ts'
import type { Transaction } from '../events/log.ts'
import { changeOrder, type OrderChange } from './change-order.ts'
import { OrderItem } from './order-item.entity.ts'
import { OrderStatus } from './order-status.ts'

const orderOf =
  (cup: string) =>
  async ({ em }: Transaction): Promise<string | null> =>
    (await em.findOne(OrderItem, cup, { disableIdentityMap: true }))?.order.id ?? null

/**
 * A cup is made, or is not after all. The first one made starts its order, the last one makes it ready. Saying twice
 * what is so already changes nothing.
 */
export function setCupDone(context: Context, id: string, done: boolean): Promise<OrderChange> {
  return changeOrder(context, ['input', 'cup'], orderOf(id), async order => {
    const cups = await order.items.loadItems()
    const cup = cups.find(each => each.id === id)!
    if ((cup.doneAt !== null) === done) return undefined
    if (order.status !== OrderStatus.RECEIVED && order.status !== OrderStatus.PREPARING) {
      refuse(
        'ORDER_MOVE_NOT_ALLOWED',
        order.status === OrderStatus.READY
          ? `Order ${order.number} is ready. Recall it first, then change its cups.`
          : `Order ${order.number} is over, so its cups stay as they are.`,
      )
    }
    order.seenAt ??= new Date()
    if (done && cups.every(each => each === cup || each.doneAt)) {
      await order.makeReady(context.readyHold)
      return EventType.ORDER_STATUS_CHANGED
    }
    cup.doneAt = done ? new Date() : null
    if (order.status === OrderStatus.PREPARING) return EventType.ORDER_UPDATED
    order.status = OrderStatus.PREPARING
    return EventType.ORDER_STATUS_CHANGED
  })
}

/** Labels of some cups of one order were printed: the next ones are reprints. */
export function recordLabels(context: Context, ids: string[]): Promise<OrderChange> {
  return changeOrder(
    context,
    ['input', 'cups'],
    tx => (ids[0] === undefined ? null : orderOf(ids[0])(tx)),
    async order => {
      const cups = (await order.items.loadItems()).filter(({ id }) => ids.includes(id))
      if (cups.length < new Set(ids).size) {
        refuse(
          'CUPS_OF_TWO_ORDERS',
          'These cups are not of one order. Print the labels of one order at a time.',
        )
      }
      for (const cup of cups) cup.labelPrints += 1
      return EventType.ORDER_UPDATED
    },
  )
}
