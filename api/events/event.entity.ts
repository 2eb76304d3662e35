import { PrimaryKeyProp } from '@mikro-orm/core'
import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy'
import { registerEnumType } from 'type-graphql'
import type { OrderStatus } from '../orders/order-status.ts'

export enum EventType {
  ORDER_CREATED = 'ORDER_CREATED',
  ORDER_STATUS_CHANGED = 'ORDER_STATUS_CHANGED',
  ORDER_UPDATED = 'ORDER_UPDATED',
  MENU_CHANGED = 'MENU_CHANGED',
  SHOP_CHANGED = 'SHOP_CHANGED',
  HEARTBEAT = 'HEARTBEAT',
  GAP = 'GAP',
}
registerEnumType(EventType, {
  name: 'EventType',
  description: 'What an event tells. HEARTBEAT and GAP are made by the stream and stand in no log.',
  valuesConfig: {
    ORDER_CREATED: { description: 'A new order.' },
    ORDER_STATUS_CHANGED: { description: 'An order moved to another status.' },
    ORDER_UPDATED: {
      description: 'Anything else about an order changed: drinks were added, a text was sent.',
    },
    MENU_CHANGED: { description: 'The menu changed, for instance something sold out.' },
    SHOP_CHANGED: { description: 'A setting of the shop changed, for instance ordering was paused.' },
    HEARTBEAT: {
      description:
        'The stream is alive and has told all there was. Comes when it has caught up, then every five seconds.',
    },
    GAP: { description: 'The log no longer reaches back to your cursor: load a new snapshot.' },
  },
})

/** The part of an order anyone may see, as it was right after the event. */
export interface PublicOrder {
  number: string
  status: OrderStatus
  /** ISO 8601 */
  createdAt: string
  /** ISO 8601; when its guest is called, null before. Rows of older versions have none. */
  readyAt?: string | null
}

/** One row of the log. Written in the transaction that makes the change; never altered. */
@Entity()
export class Event {
  [PrimaryKeyProp]?: ['shop', 'seq']

  /** Id of the shop. */
  @PrimaryKey({ type: 'string' })
  shop!: string

  /** 1, 2, 3 … per shop, in the order of commits, without holes. */
  @PrimaryKey({ type: 'integer' })
  seq!: number

  @Property({ type: 'string' })
  type!: EventType

  /** Id of the order it is about. */
  @Property({ type: 'string', nullable: true })
  order: string | null = null

  @Property({ type: 'json', nullable: true })
  data: PublicOrder | null = null

  @Property({ type: 'Date' })
  at!: Date
}
