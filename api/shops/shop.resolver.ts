import { Arg, Ctx, Mutation, Resolver } from 'type-graphql'
import { allow } from '../auth/allow.ts'
import type { Context } from '../context.ts'
import { EventType } from '../events/event.entity.ts'
import { Shop } from './shop.entity.ts'
import { shopOf } from './shop-of.ts'

/** The shop's own settings. */
@Resolver(() => Shop)
export class ShopResolver {
  @allow('menu:write')
  @Mutation(() => Shop, { description: 'Take no new orders, by phone or by API, or take them again.' })
  pauseOrdering(
    @Ctx() { em, log }: Context,
    @Arg('paused', () => Boolean, { description: 'True to pause, false to go on.' }) paused: boolean,
  ): Promise<Shop> {
    return log.change(em, async tx => {
      const shop = await shopOf(tx.em)
      if (shop.orderingPaused === paused) return shop
      shop.orderingPaused = paused
      await tx.append(shop.id, { type: EventType.SHOP_CHANGED })
      return shop
    })
  }
}
