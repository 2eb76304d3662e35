import { Field, ObjectType } from 'type-graphql'
import { OrderStatus } from '../orders/order-status.ts'
import { EventType, type PublicOrder } from './event.entity.ts'
import type { LogEntry } from './log.ts'

@ObjectType({ description: 'What anyone may know of an order.', simpleResolvers: true })
export class BoardOrder {
  @Field(() => String, { description: 'Four digits.' })
  number!: string

  @Field(() => OrderStatus, { description: 'Where it stands.' })
  status!: OrderStatus

  @Field(() => Date, { description: 'When it was placed.' })
  createdAt!: Date

  @Field(() => Date, {
    nullable: true,
    description: 'When its guest is called, which may be some seconds from now; null while it is not ready.',
  })
  readyAt!: Date | null
}

@ObjectType({ description: 'Something happened that waiting guests may see.', simpleResolvers: true })
export class BoardEvent {
  @Field(() => EventType, { description: 'What happened.' })
  type!: EventType

  @Field(() => String, {
    description: 'Its place in the log, an opaque cursor: `after`, to go on from here.',
  })
  cursor!: string

  @Field(() => Date, { description: 'When it happened.' })
  at!: Date

  @Field(() => BoardOrder, { nullable: true, description: 'The order as it was right after it.' })
  order!: BoardOrder | null

  /** Id of the shop. */
  shop!: string
}

/** What waiting guests may see of an entry of a shop's log. */
export const boardEventOf = ({ type, seq, at, data }: LogEntry, shop: string): BoardEvent => ({
  type,
  cursor: String(seq),
  at,
  order: data && boardOrderOf(data),
  shop,
})

const boardOrderOf = ({ number, status, createdAt, readyAt }: PublicOrder): BoardOrder => ({
  number,
  status,
  createdAt: new Date(createdAt),
  readyAt: readyAt ? new Date(readyAt) : null,
})
