import { LockMode } from '@mikro-orm/core'
import { EventType } from '../events/event.entity.ts'
import type { Transaction } from '../events/log.ts'
import { Order } from '../orders/order.entity.ts'
import type { Sms } from './sms.entity.ts'

/**
 * Staff see texts on the order, so they learn of a change to one as of any change to the order. It is locked, so that
 * what this event tells of it is not older than what the one before has told.
 */
export async function tellStaff({ em, append }: Transaction, { order: { id } }: Sms): Promise<void> {
  const order = await em.findOneOrFail(Order, id, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true })
  await append(order.shop.id, { type: EventType.ORDER_UPDATED, order: id, data: order.public })
}
