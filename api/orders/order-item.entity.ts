import { OptionalProps, type Rel } from '@mikro-orm/core'
import { Entity, ManyToOne, PrimaryKey, Property } from '@mikro-orm/decorators/legacy'
import { Field, ID, Int, ObjectType } from 'type-graphql'
import { newId } from '../ids.ts'
import { Node } from '../node.ts'
import { Money, money } from '../money.ts'
import { Order } from './order.entity.ts'

/** One cup of an order, with the price it was sold at. */
@Entity()
@ObjectType({
  implements: Node,
  description: 'One cup of an order, with the price it was sold at.',
  simpleResolvers: true,
})
export class OrderItem {
  [OptionalProps]?: 'id' | 'price' | 'labelPrints'

  @PrimaryKey({ type: 'string' })
  @Field(() => ID, { description: 'Opaque id.' })
  id: string = newId('cup')

  @ManyToOne(() => Order)
  order!: Rel<Order>

  /** Place in the order, from 0. */
  @Property({ type: 'integer' })
  position!: number

  @Property({ type: 'string' })
  @Field(() => String, { description: 'The base drink.' })
  flavor!: string

  @Property({ type: 'json' })
  @Field(() => [String], { description: 'What goes into it.' })
  toppings: string[] = []

  @Property({ type: 'json' })
  @Field(() => [String], { description: 'What goes on top.' })
  addOns: string[] = []

  @Property({ type: 'string' })
  @Field(() => String, { description: 'One of the menu\'s sweetness levels, e.g. "50%".' })
  sweetness!: string

  @Property({ type: 'string' })
  @Field(() => String, { description: 'One of the menu\'s ice levels, e.g. "regular ice".' })
  ice!: string

  /** Minor units of the order's currency. */
  @Property({ type: 'integer' })
  priceMinor!: number

  @Property({ type: 'Date', nullable: true })
  @Field(() => Date, { nullable: true, description: 'When it was made; null while it is to be made.' })
  doneAt: Date | null = null

  @Property({ type: 'integer', default: 0 })
  @Field(() => Int, { description: 'How often its label was printed.' })
  labelPrints: number = 0

  @Field(() => Money, { description: 'Price of this cup with everything in it.' })
  get price(): Money {
    return money(this.priceMinor, this.order.currency)
  }
}
