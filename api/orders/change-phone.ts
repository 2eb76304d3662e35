import { refuse } from '../carts/refusal.ts'
import { EventType } from '../events/event.entity.ts'
import type { Transaction } from '../events/log.ts'
import type { Order } from './order.entity.ts'
import { openStatuses } from './order-status.ts'

/**
 * The texts of an order that are still to come go to another number.
 * @throws Refusal ORDER_CLOSED
 */
export async function changePhone(tx: Transaction, order: Order, phone: string): Promise<void> {
  if (order.phone === phone) return
  if (!openStatuses.includes(order.status)) {
    refuse('ORDER_CLOSED', `Order ${order.number} is over, so no text will come. Tell the caller.`)
  }
  order.phone = phone
  await tx.append(order.shop.id, { type: EventType.ORDER_UPDATED, order: order.id, data: order.public })
}
