import { OptionalProps, type Rel } from '@mikro-orm/core'
import { Entity, Index, ManyToOne, OneToOne, PrimaryKey, Property } from '@mikro-orm/decorators/legacy'
import { Field, ID, ObjectType, registerEnumType } from 'type-graphql'
import { allow } from '../auth/allow.ts'
import { Drink } from '../carts/drink.ts'
import { Node } from '../node.ts'
import { Order } from '../orders/order.entity.ts'
import { Shop } from '../shops/shop.entity.ts'
import { CallMetrics } from './call-metrics.ts'
import { CallOutcome, outcomeOf } from './outcome.ts'
import { PhoneNumber } from './phone-number.ts'
import { Said } from './said.ts'

export enum CallIntent {
  TALKING = 'TALKING',
  GOODBYE = 'GOODBYE',
  TRANSFER = 'TRANSFER',
}
registerEnumType(CallIntent, {
  name: 'CallIntent',
  description: 'What shall happen once the last words were heard.',
  valuesConfig: {
    TALKING: { description: 'The conversation goes on. A call that ends like this broke off.' },
    GOODBYE: { description: 'Hang up.' },
    TRANSFER: { description: 'Put the caller through to the shop.' },
  },
})

export enum CallEndReason {
  CALLER_HUNG_UP = 'CALLER_HUNG_UP',
  GOODBYE = 'GOODBYE',
  TRANSFERRED = 'TRANSFERRED',
  AGENT_LOST = 'AGENT_LOST',
  BUSY = 'BUSY',
  API_LOST = 'API_LOST',
  TOO_LONG = 'TOO_LONG',
  SILENCE = 'SILENCE',
  SHUTDOWN = 'SHUTDOWN',
  FAILED = 'FAILED',
}
registerEnumType(CallEndReason, {
  name: 'CallEndReason',
  description: 'Why a call ended.',
  valuesConfig: {
    CALLER_HUNG_UP: { description: 'The caller put the phone down.' },
    GOODBYE: { description: 'The agent said goodbye and hung up.' },
    TRANSFERRED: { description: 'The caller was put through to the shop.' },
    AGENT_LOST: { description: 'The voice agent could not be reached or broke off.' },
    BUSY: { description: 'The provider had no voice agent free.' },
    API_LOST: { description: 'The order system could not be reached.' },
    TOO_LONG: { description: 'The call reached its longest length.' },
    SILENCE: { description: 'The caller said nothing any more.' },
    SHUTDOWN: { description: 'The voice process was stopped.' },
    FAILED: { description: 'Anything else that should not happen.' },
  },
})

/** A phone call by Twilio's CallSid, with its cart: all that any voice process needs to take it on. */
@Entity()
@Index({ properties: ['shop', 'startedAt'] })
@Index({ properties: ['from', 'endedAt'] })
@Index({ name: 'call_live_index', properties: ['shop', 'startedAt'], where: 'ended_at is null' })
@Index({ name: 'call_unerased_index', properties: ['startedAt'], where: 'erased_at is null' })
@ObjectType({
  implements: Node,
  description: "A phone call, by Twilio's CallSid, with its cart.",
  simpleResolvers: true,
})
export class Call {
  [OptionalProps]?: 'cart' | 'transcript' | 'intent' | 'startedAt' | 'effects' | 'outcome'

  @PrimaryKey({ type: 'string' })
  @Field(() => ID, { description: "Twilio's CallSid." })
  id!: string

  @ManyToOne(() => Shop)
  @Field(() => Shop, { description: 'The shop that was called.' })
  shop!: Rel<Shop>

  @Property({ type: 'string', nullable: true })
  @Field(() => PhoneNumber, {
    nullable: true,
    description: 'Caller ID when it is a number that can be texted. Null without orders:pii or calls:write.',
  })
  @allow('orders:pii', 'calls:write')
  from: string | null = null

  @Property({ type: 'string', nullable: true })
  @Field(() => PhoneNumber, {
    nullable: true,
    description: 'The number the caller gave or agreed to. Null without orders:pii or calls:write.',
  })
  @allow('orders:pii', 'calls:write')
  phone: string | null = null

  @Property({ type: 'json', nullable: true })
  @Field(() => Drink, {
    nullable: true,
    description: 'The staged drink, not in the cart until the caller has confirmed it.',
  })
  pendingItem: Drink | null = null

  @Property({ type: 'json' })
  @Field(() => [Drink], { description: 'The drinks confirmed so far.' })
  cart: Drink[] = []

  @Property({ type: 'string' })
  @Field(() => CallIntent, { description: 'What shall happen once the last words were heard.' })
  intent: CallIntent = CallIntent.TALKING

  @Property({ type: 'string', nullable: true })
  @Field(() => String, {
    nullable: true,
    description:
      "Why the caller is put through to the shop, in the agent's words. Null without the scope orders:pii.",
  })
  @allow('orders:pii')
  transferReason: string | null = null

  /** How many agent functions have had an effect. */
  @Property({ type: 'integer', default: 0 })
  effects: number = 0

  /** What was said, in order. */
  @Property({ type: 'json' })
  transcript: Said[] = []

  @Property({ type: 'json', nullable: true })
  @Field(() => CallMetrics, { nullable: true, description: 'How well it went; null while it lives.' })
  metrics: CallMetrics | null = null

  @OneToOne(() => Order, order => order.call, { nullable: true })
  @Field(() => Order, {
    nullable: true,
    description: 'What was ordered. Null before checkout, and without orders:read or calls:write.',
  })
  @allow('orders:read', 'calls:write')
  order: Rel<Order> | null = null

  /** The call that broke off and whose drinks this one went on with. */
  @OneToOne(() => Call, call => call.resumedBy, { owner: true, nullable: true, deleteRule: 'set null' })
  resumes: Rel<Call> | null = null

  @OneToOne(() => Call, call => call.resumes, { nullable: true })
  resumedBy: Rel<Call> | null = null

  @Property({ type: 'Date' })
  @Field(() => Date, { description: 'When the phone was answered.' })
  startedAt: Date = new Date()

  @Property({ type: 'Date', nullable: true })
  @Field(() => Date, { nullable: true, description: 'When it ended; null while it lives.' })
  endedAt: Date | null = null

  @Property({ type: 'string', nullable: true })
  @Field(() => CallEndReason, { nullable: true, description: 'Why it ended; null while it lives.' })
  endReason: CallEndReason | null = null

  @Property({ type: 'Date', nullable: true })
  @Field(() => Date, {
    nullable: true,
    description:
      'When its numbers and words were erased; null before, and again when something was said or done afterwards.',
  })
  erasedAt: Date | null = null

  @Field(() => CallOutcome, { description: 'What came of it.' })
  get outcome(): CallOutcome {
    return outcomeOf(this)
  }
}
