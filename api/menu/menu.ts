import type { EntityManager } from '@mikro-orm/sql'
import { Field, Int, ObjectType } from 'type-graphql'
import { spokenMoney } from '../money.ts'
import { Shop } from '../shops/shop.entity.ts'
import { defaultIce, defaultSweetness, iceLevels, maxDrinks, sweetnessLevels } from './levels.ts'
import { MenuItem, MenuItemKind } from './menu-item.entity.ts'
import { enumerate } from './words.ts'

/** All that a shop sells right now, and what goes together. */
@ObjectType({
  description: 'All that a shop sells right now, and what goes together.',
  simpleResolvers: true,
})
export class Menu {
  @Field(() => Shop, { description: 'Whose menu it is.' })
  shop: Shop

  @Field(() => [MenuItem], { description: 'Everything, in the order of the menu, sold out or not.' })
  items: MenuItem[]

  @Field(() => [String], { description: 'How sweet a drink can be.' })
  sweetnessLevels = [...sweetnessLevels]

  @Field(() => String, { description: 'How sweet it is when nothing was said.' })
  defaultSweetness = defaultSweetness

  @Field(() => [String], { description: 'How much ice goes into it.' })
  iceLevels = [...iceLevels]

  @Field(() => String, { description: 'How much ice goes into it when nothing was said.' })
  defaultIce = defaultIce

  @Field(() => Int, { description: 'The most drinks one order can hold.' })
  maxDrinks = maxDrinks

  constructor(shop: Shop, items: MenuItem[]) {
    this.shop = shop
    this.items = items
  }

  static async of(em: EntityManager, shop: Shop): Promise<Menu> {
    return new Menu(shop, await em.find(MenuItem, { shop }, { orderBy: { position: 'asc' } }))
  }

  @Field(() => [MenuItem], { description: 'The base drinks.' })
  get flavors(): MenuItem[] {
    return this.items.filter(item => item.kind === MenuItemKind.FLAVOR)
  }

  @Field(() => [MenuItem], { description: 'What goes into a drink.' })
  get toppings(): MenuItem[] {
    return this.items.filter(item => item.kind === MenuItemKind.TOPPING)
  }

  @Field(() => [MenuItem], { description: 'What goes on top.' })
  get addOns(): MenuItem[] {
    return this.items.filter(item => item.kind === MenuItemKind.ADD_ON)
  }

  @Field(() => String, { description: 'The menu in a few sentences, made to be spoken.' })
  get summary(): string {
    const named = (items: MenuItem[]) => enumerate(offered(items).map(item => item.name))
    const gone = this.items.filter(item => !item.available).map(item => item.name)
    const extras = offered(this.addOns).map(
      item => item.name + (item.requires ? `, only with ${item.requires.name}` : ''),
    )
    const sentences = [
      this.flavors.some(item => item.available)
        ? `We have ${named(this.flavors)}.`
        : 'All our drinks are sold out right now.',
      offered(this.toppings).length && `Toppings are ${named(this.toppings)}.`,
      extras.length && `You can add ${enumerate(extras)}.`,
      `Sweetness goes from ${this.sweetnessLevels[0]!} to ${this.sweetnessLevels.at(-1)!}, usually ${defaultSweetness}.`,
      `Ice: ${enumerate(this.iceLevels, 'or')}.`,
      gone.length && `Sold out right now: ${enumerate(gone)}.`,
      this.shop.orderingPaused && 'We take no new orders right now.',
      this.shop.delayMinutes > 0 &&
        `Orders take ${this.shop.delayMinutes} minutes longer than usual right now.`,
    ]
    return sentences.filter(Boolean).join(' ')
  }

  /** Every price in words, made to be spoken. */
  get prices(): string {
    return (
      [
        ['', this.flavors],
        ['extra, each: ', this.toppings],
        ['on top: ', this.addOns],
      ] as const
    )
      .filter(([, items]) => offered(items).length)
      .map(
        ([label, items]) =>
          label +
          offered(items)
            .map(item => `${item.name} ${spokenMoney(item.priceMinor, this.shop.currency)}`)
            .join(', '),
      )
      .join('; ')
  }
}

/** What can be ordered right now. */
export const offered = (items: readonly MenuItem[]): MenuItem[] => items.filter(item => item.available)
