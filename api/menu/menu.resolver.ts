import { LockMode } from '@mikro-orm/core'
import { Arg, Ctx, createUnionType, ID, Mutation, ObjectType, Query, Resolver } from 'type-graphql'
import { allow } from '../auth/allow.ts'
import { MenuSummaryAnswer } from '../carts/answers.ts'
import { callArg } from '../carts/cart.resolver.ts'
import { look } from '../carts/once.ts'
import type { Context } from '../context.ts'
import { describeRefusal, UserError } from '../errors.ts'
import { EventType } from '../events/event.entity.ts'
import { endOf, Period, periodArg } from '../shops/period.ts'
import { shopOf } from '../shops/shop-of.ts'
import { Menu, offered } from './menu.ts'
import { MenuItem } from './menu-item.entity.ts'

@ObjectType({
  implements: UserError,
  description: describeRefusal('The menu was not changed.', 'MENU_ITEM_NOT_FOUND'),
  simpleResolvers: true,
})
class MenuChangeRefused extends UserError {}

const SetAvailabilityResult = createUnionType({
  name: 'SetAvailabilityResult',
  description: 'The item after the change, or why it was not changed.',
  types: () => [MenuItem, MenuChangeRefused] as const,
  resolveType: value => (value instanceof MenuItem ? MenuItem : MenuChangeRefused),
})

/** What the shop sells. */
@Resolver(() => Menu)
export class MenuResolver {
  @allow('anyone')
  @Query(() => Menu, { description: 'All that a shop sells right now.' })
  async menu(
    @Ctx() { em }: Context,
    @Arg('shop', () => ID, { nullable: true, description: 'The only shop if omitted.' }) shop?: string | null,
  ): Promise<Menu> {
    return Menu.of(em, await shopOf(em, shop))
  }

  @allow('calls:write')
  @Query(() => MenuSummaryAnswer, { description: 'The menu in a sentence, for a caller.' })
  menuSummary(
    @Ctx() context: Context,
    @Arg('call', () => ID, callArg) call: string,
  ): Promise<MenuSummaryAnswer> {
    return look<MenuSummaryAnswer>(context, call, {}, async ({ shop }) => {
      const menu = await Menu.of(context.em, shop)
      return { summary: menu.summary, items: offered(menu.items).map(item => item.name), prices: menu.prices }
    })
  }

  @allow('menu:write')
  @Mutation(() => SetAvailabilityResult, {
    description: 'Mark something sold out, or put it back on the menu.',
  })
  setAvailability(
    @Ctx() { em, log }: Context,
    @Arg('item', () => ID, { description: 'The menu item.' }) id: string,
    @Arg('available', () => Boolean, { description: 'False when it is sold out.' }) available: boolean,
    @Arg('period', () => Period, periodArg) period: Period,
  ): Promise<MenuItem | MenuChangeRefused> {
    return log.change(em, async tx => {
      const item = await tx.em.findOne(MenuItem, id, {
        populate: ['shop', 'requires'],
        lockMode: LockMode.PESSIMISTIC_WRITE,
      })
      if (!item) {
        const message = 'There is no such menu item. Load the menu again.'
        return Object.assign(new MenuChangeRefused(), {
          code: 'MENU_ITEM_NOT_FOUND',
          message,
          path: ['item'],
        })
      }
      if (!item.setAvailable(available, endOf(period, item.shop.timezone))) return item
      await tx.append(item.shop.id, { type: EventType.MENU_CHANGED })
      return item
    })
  }
}
