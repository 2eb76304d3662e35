import { LockMode } from '@mikro-orm/core'
import { createUnionType, Field, ObjectType } from 'type-graphql'
import { Refusal } from '../carts/refusal.ts'
import type { Context } from '../context.ts'
import { describeRefusal, UserError } from '../errors.ts'
import { EventType } from '../events/event.entity.ts'
import type { Transaction } from '../events/log.ts'
import { Order } from './order.entity.ts'

@ObjectType({
  implements: UserError,
  description: describeRefusal(
    'The order was not changed.',
    'CUPS_OF_TWO_ORDERS',
    'NO_PHONE',
    'ORDER_ALREADY_PREPARING',
    'ORDER_ALREADY_READY',
    'ORDER_ALREADY_PICKED_UP',
    'ORDER_ALREADY_CANCELLED',
    'ORDER_MOVE_NOT_ALLOWED',
    'ORDER_NOT_FOUND',
    'TEXT_ON_ITS_WAY',
  ),
  simpleResolvers: true,
})
export class OrderMoveRefused extends UserError {
  @Field(() => Order, {
    nullable: true,
    description: 'How the order stands now; null when there is no such order.',
  })
  order!: Order | null
}

export const MoveOrderResult = createUnionType({
  name: 'MoveOrderResult',
  description: 'The order after the change, or why it was not changed.',
  types: () => [Order, OrderMoveRefused] as const,
  resolveType: value => (value instanceof Order ? Order : OrderMoveRefused),
})

export type OrderChange = Order | OrderMoveRefused

const refused = (error: Pick<Refusal, 'code' | 'message' | 'path'>, order: Order | null): OrderMoveRefused =>
  Object.assign(new OrderMoveRefused(), {
    code: error.code,
    message: error.message,
    path: error.path,
    order,
  })

/**
 * Changes an order; the change and its event are one transaction. The row is locked while it is looked at, so that of
 * two people who press at the same moment one changes it and the other is told how it stands.
 * @param path the part of the input that says which order, which refusals are about unless they say otherwise
 * @param idOf finds the id of the order; null when there is none
 * @param work refuses before it writes anything. → what has happened, nothing when the order stays as it is
 */
export async function changeOrder(
  { em, log }: Context,
  path: string[],
  idOf: (tx: Transaction) => string | null | Promise<string | null>,
  work: (order: Order, tx: Transaction) => Promise<EventType | undefined>,
): Promise<OrderChange> {
  return log.change(em, async tx => {
    const id = await idOf(tx)
    const order =
      id === null
        ? null
        : await tx.em.findOne(Order, id, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true })
    if (!order) {
      const message =
        'There is no order of that id, nor with a cup or text of it. It may belong to another shop; load the list again.'
      return refused({ code: 'ORDER_NOT_FOUND', message, path }, null)
    }
    try {
      const type = await work(order, tx)
      if (type) await tx.append(order.shop.id, { type, order: order.id, data: order.public })
      return order
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      const { code, message } = error
      return refused({ code, message, path: error.path ?? path }, order)
    }
  })
}
