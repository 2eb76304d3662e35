import { OptionalProps } from '@mikro-orm/core'
import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy'
import { Field, ID, Int, ObjectType } from 'type-graphql'
import { PhoneNumber } from '../calls/phone-number.ts'
import { newId } from '../ids.ts'
import { Node } from '../node.ts'

/** A shop that takes orders: the one whose number was called. */
@Entity()
@ObjectType({
  implements: Node,
  description: 'A shop that takes orders: the one whose number was called.',
  simpleResolvers: true,
})
export class Shop {
  [OptionalProps]?:
    | 'id'
    | 'region'
    | 'currency'
    | 'timezone'
    | 'orderingPaused'
    | 'delayMinutes'
    | 'warnAfterMinutes'
    | 'lateAfterMinutes'
    | 'eventSeq'
    | 'createdAt'

  @PrimaryKey({ type: 'string' })
  @Field(() => ID, { description: 'Opaque id.' })
  id: string = newId('shop')

  @Property({ type: 'string' })
  @Field(() => String, { description: 'Name as guests know it, e.g. "BobaRista".' })
  name!: string

  @Property({ type: 'string', nullable: true, unique: true })
  @Field(() => PhoneNumber, { nullable: true, description: 'The number guests call.' })
  phone: string | null = null

  @Property({ type: 'string' })
  @Field(() => String, {
    description: 'Region for numbers given without a country code, ISO 3166-1 alpha-2.',
  })
  region: string = 'US'

  @Property({ type: 'string' })
  @Field(() => String, { description: 'Currency of every price, ISO 4217.' })
  currency: string = 'USD'

  @Property({ type: 'string' })
  @Field(() => String, { description: 'IANA time zone, e.g. "America/Los_Angeles".' })
  timezone: string = 'America/Los_Angeles'

  @Property({ type: 'boolean' })
  @Field(() => Boolean, { description: 'True while the shop takes no new orders, by phone or by API.' })
  orderingPaused: boolean = false

  @Property({ type: 'Date', nullable: true })
  @Field(() => Date, {
    nullable: true,
    description: 'When the pause ends by itself; null when there is none, or until somebody ends it.',
  })
  pausedUntil: Date | null = null

  @Property({ type: 'integer', default: 0 })
  @Field(() => Int, { description: 'Minutes that staff add to every wait while they are busy; 0 for none.' })
  delayMinutes: number = 0

  @Property({ type: 'Date', nullable: true })
  @Field(() => Date, {
    nullable: true,
    description: 'When the delay ends by itself; null when there is none, or until somebody ends it.',
  })
  delayedUntil: Date | null = null

  @Property({ type: 'integer', default: 5 })
  @Field(() => Int, { description: 'Minutes after which an order that is not ready is getting late.' })
  warnAfterMinutes: number = 5

  @Property({ type: 'integer', default: 10 })
  @Field(() => Int, { description: 'Minutes after which an order that is not ready is late.' })
  lateAfterMinutes: number = 10

  /** `seq` of the newest event. Taking the next one locks this row, so numbers commit in order. */
  @Property({ type: 'integer' })
  eventSeq: number = 0

  @Property({ type: 'Date' })
  createdAt: Date = new Date()

  /** @param until null for until somebody ends it. → whether that is anything new */
  pause(paused: boolean, until: Date | null): boolean {
    const end = paused ? until : null
    if (this.orderingPaused === paused && sameTime(this.pausedUntil, end)) return false
    this.orderingPaused = paused
    this.pausedUntil = end
    return true
  }

  /** @param until null for until somebody ends it. → whether that is anything new */
  delay(minutes: number, until: Date | null): boolean {
    const end = minutes > 0 ? until : null
    if (this.delayMinutes === minutes && sameTime(this.delayedUntil, end)) return false
    this.delayMinutes = minutes
    this.delayedUntil = end
    return true
  }
}

const sameTime = (a: Date | null, b: Date | null) => a?.getTime() === b?.getTime()
