import { OptionalProps, type Rel } from '@mikro-orm/core'
import { Entity, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy'
import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql'
import { newId } from '../ids.ts'
import { Node } from '../node.ts'
import { Order } from '../orders/order.entity.ts'
import { statusTextOf } from './texts.ts'

export enum SmsKind {
  ORDER_RECEIVED = 'ORDER_RECEIVED',
  ORDER_READY = 'ORDER_READY',
  ORDER_RECALLED = 'ORDER_RECALLED',
}
registerEnumType(SmsKind, {
  name: 'SmsKind',
  description: 'Which text it is.',
  valuesConfig: {
    ORDER_RECEIVED: { description: 'Thanks, and the order number.' },
    ORDER_READY: { description: 'The order can be picked up.' },
    ORDER_RECALLED: { description: 'A correction: the order is not ready after all.' },
  },
})

export enum SmsStatus {
  QUEUED = 'QUEUED',
  SENDING = 'SENDING',
  SENT = 'SENT',
  DELIVERED = 'DELIVERED',
  UNDELIVERED = 'UNDELIVERED',
  FAILED = 'FAILED',
  UNKNOWN = 'UNKNOWN',
  NOT_SENT = 'NOT_SENT',
  WITHDRAWN = 'WITHDRAWN',
}
registerEnumType(SmsStatus, {
  name: 'SmsStatus',
  description: 'How far a text has come.',
  valuesConfig: {
    QUEUED: { description: 'Waits to be sent.' },
    SENDING: { description: 'Being handed to Twilio.' },
    SENT: { description: 'Twilio has it; not yet known to have arrived.' },
    DELIVERED: { description: 'Arrived on the phone.' },
    UNDELIVERED: { description: 'The carrier could not deliver it.' },
    FAILED: { description: 'Refused for good; `statusText` says why.' },
    UNKNOWN: { description: 'Twilio did not answer; it is looked up before anything is sent again.' },
    NOT_SENT: { description: 'No Twilio account is configured: practice.' },
    WITHDRAWN: { description: 'Was held back and is not wanted any more: the order was recalled in time.' },
  },
})

/** A text to a guest. One that is sent again is another text of the same kind. */
@Entity()
@Unique({ properties: ['order', 'kind', 'round'] })
@Index({ properties: ['status', 'dueAt'] })
@Index({ name: 'sms_unerased_index', properties: ['createdAt'], where: '"to" is not null' })
@ObjectType({
  implements: Node,
  description: 'A text to a guest. One that is sent again is another text of the same kind.',
  simpleResolvers: true,
})
export class Sms {
  [OptionalProps]?:
    'id' | 'round' | 'status' | 'attempts' | 'dueAt' | 'createdAt' | 'updatedAt' | 'statusText'

  @PrimaryKey({ type: 'string' })
  @Field(() => ID, { description: 'Opaque id.' })
  id: string = newId('sms')

  @ManyToOne(() => Order)
  order!: Rel<Order>

  @Property({ type: 'string' })
  @Field(() => SmsKind, { description: 'Which text it is.' })
  kind!: SmsKind

  /** Which of its kind it is for this order, from 0. */
  @Property({ type: 'integer', default: 0 })
  round: number = 0

  /** E.164; null after it was erased. */
  @Property({ type: 'string', nullable: true })
  to: string | null = null

  @Property({ type: 'string' })
  @Field(() => String, { description: 'The words sent.' })
  body!: string

  @Property({ type: 'string' })
  @Field(() => SmsStatus, { description: 'How far it has come.' })
  status: SmsStatus = SmsStatus.QUEUED

  /** Twilio's SM… */
  @Property({ type: 'string', nullable: true, unique: true })
  messageSid: string | null = null

  @Property({ type: 'integer', nullable: true })
  @Field(() => Int, {
    nullable: true,
    description: "Twilio's error code, e.g. 21610 for a guest who replied STOP.",
  })
  errorCode: number | null = null

  /** How often it was handed to Twilio. */
  @Property({ type: 'integer' })
  attempts: number = 0

  @Property({ type: 'Date' })
  @Field(() => Date, { description: 'It is not handed over before this time.' })
  dueAt: Date = new Date()

  @Property({ type: 'Date' })
  @Field(() => Date, { description: 'When it was written.' })
  createdAt: Date = new Date()

  @Property({ type: 'Date', onUpdate: () => new Date() })
  @Field(() => Date, { description: 'When its status last changed.' })
  updatedAt: Date = new Date()

  @Field(() => String, {
    description: 'How far it has come, in words for staff, e.g. "not sent (practice)".',
  })
  get statusText(): string {
    return statusTextOf(this)
  }
}
