import { LockMode } from '@mikro-orm/core'
import { refuse } from '../carts/refusal.ts'
import { EventType } from '../events/event.entity.ts'
import type { Transaction } from '../events/log.ts'
import { Order } from './order.entity.ts'
import { openStatuses } from './order-status.ts'

/**
 * The texts of an order that are still to come go to another number.
 * @throws Refusal ORDER_CLOSED
 */
export async function changePhone(
  tx: Transaction,
  { id, phone: before }: Order,
  phone: string,
): Promise<void> {
  if (before === phone) return
  // Locked, so that what the event tells of it is not older than what the one before has told.
  const order = await tx.em.findOneOrFail(Order, id, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true })
  if (!openStatuses.includes(order.status)) {
    refuse('ORDER_CLOSED', `Order ${order.number} is over, so no text will come. Tell the caller.`)
  }
  order.phone = phone
  await tx.append(order.shop.id, { type: EventType.ORDER_UPDATED, order: order.id, data: order.public })
}
