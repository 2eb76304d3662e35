import { OptionalProps } from '@mikro-orm/core'
import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy'
import { Field, ID, ObjectType } from 'type-graphql'
import { newId } from '../ids.ts'

/** A shop that takes orders: the one whose number was called. */
@Entity()
@ObjectType({ description: 'A shop that takes orders: the one whose number was called.' })
export class Shop {
  [OptionalProps]?: 'id' | 'region' | 'currency' | 'timezone' | 'orderingPaused' | 'eventSeq' | 'createdAt'

  @PrimaryKey({ type: 'string' })
  @Field(() => ID, { description: 'Opaque id.' })
  id: string = newId('shop')

  @Property({ type: 'string' })
  @Field(() => String, { description: 'Name as guests know it, e.g. "BobaRista".' })
  name!: string

  @Property({ type: 'string', nullable: true, unique: true })
  @Field(() => String, { nullable: true, description: 'The number guests call, E.164.' })
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

  /** `seq` of the newest event. Taking the next one locks this row, so numbers commit in order. */
  @Property({ type: 'integer' })
  eventSeq: number = 0

  @Property({ type: 'Date' })
  createdAt: Date = new Date()
}
