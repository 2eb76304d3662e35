import { OptionalProps, Collection, type Rel } from '@mikro-orm/core'
import {
  Entity,
  Index,
  ManyToOne,
  OneToMany,
  OneToOne,
  PrimaryKey,
  Property,
  Unique,
} from '@mikro-orm/decorators/legacy'
import { Field, ID, ObjectType, registerEnumType } from 'type-graphql'
import { allow } from '../auth/allow.ts'
import { Call } from '../calls/call.entity.ts'
import { PhoneNumber } from '../calls/phone-number.ts'
import { newId } from '../ids.ts'
import { Node } from '../node.ts'
import { Money, money } from '../money.ts'
import { Shop } from '../shops/shop.entity.ts'
import { Sms } from '../sms/sms.entity.ts'
import { nextStatus, OrderStatus } from './order-status.ts'
import { OrderItem } from './order-item.entity.ts'
import type { PublicOrder } from '../events/event.entity.ts'

export enum OrderSource {
  PHONE = 'PHONE',
  API = 'API',
}
registerEnumType(OrderSource, {
  name: 'OrderSource',
  description: 'How an order came in.',
  valuesConfig: {
    PHONE: { description: 'A caller told the voice agent.' },
    API: { description: 'An integrator called placeOrder.' },
  },
})

/** Drinks a guest has bought. Its number is what the guest is called by. */
@Entity({ tableName: 'orders' })
@Unique({
  name: 'orders_open_number_unique',
  properties: ['shop', 'number'],
  where: "status in ('RECEIVED', 'PREPARING', 'READY')",
})
@Index({
  name: 'orders_open_index',
  properties: ['shop', 'createdAt', 'id'],
  where: "status in ('RECEIVED', 'PREPARING', 'READY')",
})
@Index({ name: 'orders_board_index', properties: ['shop', 'status', 'createdAt'] })
@Index({ properties: ['shop', 'createdAt'] })
@Index({ properties: ['shop', 'phone'] })
@Index({ name: 'orders_unerased_index', properties: ['createdAt'], where: 'phone is not null' })
@Unique({ properties: ['placedBy', 'idempotencyKey'] })
@ObjectType({
  implements: Node,
  description: 'Drinks a guest has bought. Its number is what the guest is called by.',
  simpleResolvers: true,
})
export class Order {
  [OptionalProps]?: 'id' | 'status' | 'createdAt' | 'updatedAt' | 'total' | 'calledAt' | 'public'

  @PrimaryKey({ type: 'string' })
  @Field(() => ID, { description: 'Opaque id.' })
  id: string = newId('ord')

  @ManyToOne(() => Shop)
  shop!: Rel<Shop>

  @Property({ type: 'string' })
  @Field(() => String, {
    description: "Four digits, unique among the shop's orders that are not yet picked up or cancelled.",
  })
  number!: string

  @Property({ type: 'string' })
  @Field(() => OrderStatus, { description: 'Where it stands.' })
  status: OrderStatus = OrderStatus.RECEIVED

  @Property({ type: 'string' })
  @Field(() => OrderSource, { description: 'How it came in.' })
  source!: OrderSource

  /** One call has one order: the column is unique. */
  @OneToOne(() => Call, { nullable: true, owner: true, unique: true })
  call: Rel<Call> | null = null

  @Property({ type: 'string', nullable: true })
  @Field(() => String, {
    nullable: true,
    description: "The guest's name, when they gave it. Null without the scope orders:pii.",
  })
  @allow('orders:pii')
  name: string | null = null

  @Property({ type: 'string', nullable: true })
  @Field(() => PhoneNumber, {
    nullable: true,
    description: 'Where the texts go. Null without the scope orders:pii, and after it was erased.',
  })
  @allow('orders:pii')
  phone: string | null = null

  @OneToMany(() => OrderItem, item => item.order, { orderBy: { position: 'asc' } })
  items = new Collection<OrderItem>(this)

  @OneToMany(() => Sms, sms => sms.order, { orderBy: { createdAt: 'asc' } })
  texts = new Collection<Sms>(this)

  @Property({ type: 'string' })
  currency!: string

  /** Minor units of `currency`. */
  @Property({ type: 'integer' })
  totalMinor!: number

  @Property({ type: 'string', nullable: true })
  @Field(() => String, { nullable: true, description: 'Why it was cancelled, in the words of staff.' })
  cancelReason: string | null = null

  /** Id of the API key that placed it, with the key it gave: the same pair never places two. */
  @Property({ type: 'string', nullable: true })
  placedBy: string | null = null

  @Property({ type: 'string', nullable: true })
  idempotencyKey: string | null = null

  /** SHA-256 of the input it was placed with, to tell a repeat from another order under the same key. */
  @Property({ type: 'string', nullable: true })
  inputHash: string | null = null

  @Property({ type: 'Date' })
  @Field(() => Date, { description: 'When it was placed.' })
  createdAt: Date = new Date()

  /** Never goes back, though the clock may be set back: screens drop what is older than they know. */
  @Property({
    type: 'Date',
    onUpdate: ({ updatedAt }: Order) => new Date(Math.max(Date.now(), updatedAt.getTime())),
  })
  @Field(() => Date, { description: 'When anything about it last changed; it never goes back.' })
  updatedAt: Date = new Date()

  @Property({ type: 'Date', nullable: true })
  @Field(() => Date, { nullable: true, description: 'When it was last marked ready.' })
  readyAt: Date | null = null

  /** What is left of the last time it was ready means nothing: see OrderResolver. */
  @Property({ type: 'Date', nullable: true })
  holdUntil: Date | null = null

  @Property({ type: 'Date', nullable: true })
  @Field(() => Date, {
    nullable: true,
    description: 'When the guest was told it would be ready; null when no time was promised.',
  })
  promisedAt: Date | null = null

  @Property({ type: 'Date', nullable: true })
  @Field(() => Date, {
    nullable: true,
    description: 'When the guest last changed it after it was placed; null for never.',
  })
  changedAt: Date | null = null

  @Property({ type: 'Date', nullable: true })
  @Field(() => Date, {
    nullable: true,
    description: "When staff first touched it after the guest's last change; null while it stands out.",
  })
  seenAt: Date | null = null

  @Field(() => Money, { description: 'What the guest pays.' })
  get total(): Money {
    return money(this.totalMinor, this.currency)
  }

  mayMoveTo(status: OrderStatus): boolean {
    return nextStatus[this.status].includes(status)
  }

  /**
   * All of it is made. Cups that were not ticked are now, at the very moment it became ready, by which `recall` knows
   * them again.
   * @param hold how long its text is held back, in milliseconds
   */
  async makeReady(hold: number): Promise<void> {
    const now = new Date()
    this.status = OrderStatus.READY
    this.readyAt = now
    this.holdUntil = hold > 0 ? new Date(now.getTime() + hold) : null
    this.seenAt ??= now
    for (const cup of await this.items.loadItems()) cup.doneAt ??= now
  }

  /** It was not ready after all: cups stand as they stood before it was. */
  async recall(): Promise<void> {
    for (const cup of await this.items.loadItems()) {
      if (cup.doneAt && this.readyAt && cup.doneAt >= this.readyAt) cup.doneAt = null
    }
    this.status = OrderStatus.PREPARING
    this.holdUntil = null
  }

  /** When the guest is called: it is ready, and whoever pressed Done has had time to take it back. */
  get calledAt(): Date | null {
    return this.status === OrderStatus.READY ? (this.holdUntil ?? this.readyAt) : null
  }

  /** What the board and the log may show. */
  get public(): PublicOrder {
    const { number, status, createdAt } = this
    return {
      number,
      status,
      createdAt: createdAt.toISOString(),
      readyAt: this.calledAt?.toISOString() ?? null,
    }
  }
}
