import { Field, ObjectType } from 'type-graphql'
import { badInput } from '../connection.ts'
import { Order } from '../orders/order.entity.ts'
import { EventType } from './event.entity.ts'

@ObjectType({ description: 'Something happened to an order, the menu or the shop.', simpleResolvers: true })
export class OrderEvent {
  @Field(() => EventType, { description: 'What happened.' })
  type!: EventType

  @Field(() => String, {
    description: 'Its place in the log, an opaque cursor: `after`, to go on from here.',
  })
  cursor!: string

  @Field(() => Date, { description: 'When it happened.' })
  at!: Date

  @Field(() => Order, { nullable: true, description: 'The order as it is now.' })
  order!: Order | null
}

/** @throws GraphQLError BAD_USER_INPUT for a cursor that is none */
export function seqOf(cursor: string | null | undefined): number | undefined {
  if (cursor == null) return undefined
  if (!/^\d{1,15}$/.test(cursor))
    throw badInput('`after` is no cursor of this log. Take it from a snapshot or an event.')
  return Number(cursor)
}
