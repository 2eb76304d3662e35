import { OptionalProps, type Rel } from '@mikro-orm/core'
import { Entity, Index, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy'
import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql'
import { EventType } from '../events/event.entity.ts'
import { newId } from '../ids.ts'
import { Node } from '../node.ts'
import { Webhook } from './webhook.entity.ts'

export enum WebhookDeliveryStatus {
  PENDING = 'PENDING',
  SENDING = 'SENDING',
  DELIVERED = 'DELIVERED',
  FAILED = 'FAILED',
  SKIPPED = 'SKIPPED',
}
registerEnumType(WebhookDeliveryStatus, {
  name: 'WebhookDeliveryStatus',
  description: 'How far a delivery has come.',
  valuesConfig: {
    PENDING: { description: 'Waits for its next try.' },
    SENDING: { description: 'Being posted.' },
    DELIVERED: { description: 'The target answered 2xx.' },
    FAILED: { description: 'Was tried for a day; `redeliver` tries it again.' },
    SKIPPED: { description: 'Was left out when the webhook was enabled from now on.' },
  },
})

export enum WebhookOutcome {
  DELIVERED = 'DELIVERED',
  REFUSED = 'REFUSED',
  REDIRECTED = 'REDIRECTED',
  TIMED_OUT = 'TIMED_OUT',
  UNREACHABLE = 'UNREACHABLE',
  UNKNOWN_HOST = 'UNKNOWN_HOST',
  FORBIDDEN_ADDRESS = 'FORBIDDEN_ADDRESS',
  UNTRUSTED_CERTIFICATE = 'UNTRUSTED_CERTIFICATE',
  INTERRUPTED = 'INTERRUPTED',
  INTERNAL_ERROR = 'INTERNAL_ERROR',
}
registerEnumType(WebhookOutcome, {
  name: 'WebhookOutcome',
  description: 'What came of one try to deliver.',
  valuesConfig: {
    DELIVERED: { description: 'The target answered 2xx.' },
    REFUSED: { description: 'The target answered something else; `status` says what.' },
    REDIRECTED: {
      description: 'The target answered 3xx. Redirects are not followed: register the final URL.',
    },
    TIMED_OUT: { description: 'The target did not answer in time.' },
    UNREACHABLE: { description: 'No connection could be made, or it broke before there was an answer.' },
    UNKNOWN_HOST: { description: "The target's name could not be resolved." },
    FORBIDDEN_ADDRESS: { description: "The target's name leads to an address that is not public." },
    UNTRUSTED_CERTIFICATE: { description: "The target's certificate is not valid for it." },
    INTERRUPTED: { description: 'The shop was stopped in the middle; it is tried again.' },
    INTERNAL_ERROR: { description: 'The payload could not be made. That is our fault; it is tried again.' },
  },
})

@ObjectType({ description: 'One try to deliver.', simpleResolvers: true })
export class WebhookAttempt {
  @Field(() => Date, { description: 'When it began.' })
  at!: Date

  @Field(() => WebhookOutcome, { description: 'What came of it.' })
  outcome!: WebhookOutcome

  @Field(() => Int, {
    nullable: true,
    description: 'The HTTP status that was answered; null when there was none.',
  })
  status!: number | null

  @Field(() => Int, { description: 'How long it took, in milliseconds.' })
  durationMs!: number
}

/** As it is kept: JSON has no dates. */
export type StoredAttempt = Omit<WebhookAttempt, 'at'> & { at: string }

/**
 * One event for one webhook. Its payload is read anew for every try and kept nowhere, so that nothing here can hold a
 * phone number.
 */
@Entity()
@Unique({ properties: ['webhook', 'seq'] })
@Index({ name: 'webhook_delivery_due_index', properties: ['webhook', 'dueAt'], where: "status = 'PENDING'" })
@Index({ name: 'webhook_delivery_sending_index', properties: ['updatedAt'], where: "status = 'SENDING'" })
@Index({ properties: ['webhook', 'createdAt', 'id'] })
@Index({ properties: ['createdAt'] })
@ObjectType({
  implements: Node,
  description: 'One event for one webhook. The payload itself is not kept.',
  simpleResolvers: true,
})
export class WebhookDelivery {
  [OptionalProps]?:
    'id' | 'status' | 'tries' | 'tried' | 'dueAt' | 'createdAt' | 'updatedAt' | 'cursor' | 'attempts'

  @PrimaryKey({ type: 'string' })
  @Field(() => ID, { description: 'Opaque id, sent as `webhook-id`: the same with every try.' })
  id: string = newId('msg')

  @ManyToOne(() => Webhook, { deleteRule: 'cascade' })
  webhook!: Rel<Webhook>

  @Property({ type: 'integer' })
  seq!: number

  @Property({ type: 'string' })
  @Field(() => EventType, { description: 'What happened.' })
  type!: EventType

  /** Id of the order it is about. */
  @Property({ type: 'string', nullable: true })
  order: string | null = null

  @Property({ type: 'Date' })
  @Field(() => Date, { description: 'When it happened.' })
  at!: Date

  @Property({ type: 'string' })
  @Field(() => WebhookDeliveryStatus, { description: 'How far it has come.' })
  status: WebhookDeliveryStatus = WebhookDeliveryStatus.PENDING

  /** How often it was begun, which also says whose the try in hand is. */
  @Property({ type: 'integer' })
  tries: number = 0

  /** What came of each try, oldest first. */
  @Property({ type: 'json' })
  tried: StoredAttempt[] = []

  @Property({ type: 'Date' })
  @Field(() => Date, { description: 'It is not tried before this time.' })
  dueAt: Date = new Date()

  /** A try that fails after this time was the last one. */
  @Property({ type: 'Date' })
  until!: Date

  @Property({ type: 'Date' })
  @Field(() => Date, { description: 'When it was taken from the log.' })
  createdAt: Date = new Date()

  @Property({ type: 'Date', onUpdate: () => new Date() })
  @Field(() => Date, { description: 'When its status last changed.' })
  updatedAt: Date = new Date()

  @Field(() => String, {
    description: 'Place of the event in the log, an opaque cursor: `after` of `events` goes on from here.',
  })
  get cursor(): string {
    return String(this.seq)
  }

  @Field(() => [WebhookAttempt], { description: 'What came of each try, oldest first; the last thirty.' })
  get attempts(): WebhookAttempt[] {
    return this.tried.map(attempt => ({ ...attempt, at: new Date(attempt.at) }))
  }
}
