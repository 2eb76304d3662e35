import { Entity, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy'
import { OptionalProps, type Rel } from '@mikro-orm/core'
import { Field, ID, ObjectType, registerEnumType } from 'type-graphql'
import { newId } from '../ids.ts'
import { Node } from '../node.ts'
import { Money, money } from '../money.ts'
import { Shop } from '../shops/shop.entity.ts'

export enum MenuItemKind {
  FLAVOR = 'FLAVOR',
  TOPPING = 'TOPPING',
  ADD_ON = 'ADD_ON',
}
registerEnumType(MenuItemKind, {
  name: 'MenuItemKind',
  description: 'What part of a drink a menu item is.',
  valuesConfig: {
    FLAVOR: { description: 'The base drink; every drink has exactly one.' },
    TOPPING: { description: 'Goes into the drink; any number.' },
    ADD_ON: { description: 'Goes on top; may need a certain topping.' },
  },
})

/** Something the shop sells, with what it is also called. */
@Entity()
@Unique({ properties: ['shop', 'kind', 'name'] })
@ObjectType({
  implements: Node,
  description: 'Something the shop sells: a flavor, a topping or an add-on.',
  simpleResolvers: true,
})
export class MenuItem {
  [OptionalProps]?: 'id' | 'aliases' | 'available' | 'price'

  @PrimaryKey({ type: 'string' })
  @Field(() => ID, { description: 'Opaque id.' })
  id: string = newId('item')

  @ManyToOne(() => Shop)
  shop!: Rel<Shop>

  @Property({ type: 'string' })
  @Field(() => MenuItemKind, { description: 'What part of a drink it is.' })
  kind!: MenuItemKind

  @Property({ type: 'string' })
  @Field(() => String, { description: 'Name as staff and guests say it, lower case.' })
  name!: string

  @Property({ type: 'json' })
  @Field(() => [String], { description: 'Other words guests use for it.' })
  aliases: string[] = []

  /** Minor units of the shop's currency. */
  @Property({ type: 'integer' })
  priceMinor!: number

  @Property({ type: 'boolean' })
  @Field(() => Boolean, { description: 'False while it is sold out.' })
  available: boolean = true

  @Property({ type: 'Date', nullable: true })
  @Field(() => Date, {
    nullable: true,
    description: 'When it comes back by itself; null while it is available, or until somebody puts it back.',
  })
  soldOutUntil: Date | null = null

  @ManyToOne(() => MenuItem, { nullable: true })
  @Field(() => MenuItem, {
    nullable: true,
    description: 'The topping without which this add-on is not made.',
  })
  requires: Rel<MenuItem> | null = null

  /** Place on the menu, from 0. */
  @Property({ type: 'integer' })
  position!: number

  /** @param until null for until somebody puts it back. → whether that is anything new */
  setAvailable(available: boolean, until: Date | null): boolean {
    const end = available ? null : until
    if (this.available === available && this.soldOutUntil?.getTime() === end?.getTime()) return false
    this.available = available
    this.soldOutUntil = end
    return true
  }

  @Field(() => Money, { description: 'What it adds to the price of a drink.' })
  get price(): Money {
    return money(this.priceMinor, this.shop.currency)
  }
}
