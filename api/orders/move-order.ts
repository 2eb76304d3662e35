import { LockMode } from '@mikro-orm/core'
import { Field, ObjectType, createUnionType } from 'type-graphql'
import type { Context } from '../context.ts'
import { UserError } from '../errors.ts'
import { EventType } from '../events/event.entity.ts'
import { Order } from './order.entity.ts'
import { OrderStatus } from './order-status.ts'

@ObjectType({ implements: UserError, description: 'The order was not moved.' })
export class OrderMoveRefused extends UserError {
  @Field(() => Order, {
    nullable: true,
    description: 'How the order stands now; null when there is no such order.',
  })
  order!: Order | null
}

export const MoveOrderResult = createUnionType({
  name: 'MoveOrderResult',
  description: 'The order after the move, or why it was not moved.',
  types: () => [Order, OrderMoveRefused] as const,
  resolveType: value => (value instanceof Order ? Order : OrderMoveRefused),
})

const words: Record<OrderStatus, string> = {
  RECEIVED: 'received',
  PREPARING: 'being prepared',
  READY: 'ready',
  PICKED_UP: 'picked up',
  CANCELLED: 'cancelled',
}

/**
 * Moves an order to another status; the move and its event are one transaction. The row is locked while it is
 * looked at, so that of two people who press at the same moment one moves it and the other is told how it stands.
 */
export async function moveOrder(
  { em, log }: Context,
  id: string,
  status: OrderStatus,
  cancelReason?: string | null,
): Promise<Order | OrderMoveRefused> {
  return log.change(em, async tx => {
    const order = await tx.em.findOne(Order, id, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true })
    if (!order) {
      const message = 'There is no such order. It may belong to another shop; load the list again.'
      return Object.assign(new OrderMoveRefused(), {
        code: 'ORDER_NOT_FOUND',
        message,
        path: ['id'],
        order: null,
      })
    }
    if (!order.mayMoveTo(status)) {
      const already = order.status === status
      return Object.assign(new OrderMoveRefused(), {
        code: already ? `ORDER_ALREADY_${status}` : 'ORDER_MOVE_NOT_ALLOWED',
        message: already
          ? `Order ${order.number} is already ${words[status]}; somebody was faster.`
          : `Order ${order.number} is ${words[order.status]} and cannot become ${words[status]}.`,
        path: null,
        order,
      })
    }
    order.status = status
    if (status === OrderStatus.READY) order.readyAt = new Date()
    if (status === OrderStatus.CANCELLED) order.cancelReason = cancelReason?.trim().slice(0, 200) || null
    await tx.append(order.shop.id, {
      type: EventType.ORDER_STATUS_CHANGED,
      order: order.id,
      data: order.public,
    })
    return order
  })
}
