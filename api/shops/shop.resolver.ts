import { LockMode } from '@mikro-orm/core'
import {
  Arg,
  createUnionType,
  Ctx,
  Field,
  FieldResolver,
  InputType,
  Int,
  Mutation,
  ObjectType,
  Resolver,
  Root,
} from 'type-graphql'
import { allow } from '../auth/allow.ts'
import { Refusal, refuse } from '../carts/refusal.ts'
import type { Context } from '../context.ts'
import { describeRefusal, UserError } from '../errors.ts'
import { EventType } from '../events/event.entity.ts'
import { endOf, Period, periodArg } from './period.ts'
import { latest, mayBeLate, thresholdRule } from './settings.ts'
import { Shop } from './shop.entity.ts'
import { shopOf } from './shop-of.ts'

/** The longest delay, in minutes. */
const longestDelay = 120

@ObjectType({
  implements: UserError,
  description: describeRefusal('The shop was not changed.', 'BAD_DELAY', 'BAD_THRESHOLDS'),
  simpleResolvers: true,
})
class ShopChangeRefused extends UserError {}

const ShopChangeResult = createUnionType({
  name: 'ShopChangeResult',
  description: 'The shop after the change, or why it was not changed.',
  types: () => [Shop, ShopChangeRefused] as const,
  resolveType: value => (value instanceof Shop ? Shop : ShopChangeRefused),
})

@InputType({ description: 'How much longer orders take.' })
class DelayOrderingInput {
  @Field(() => Int, { description: `Minutes added to every wait, 0 to ${longestDelay}.` })
  minutes!: number

  @Field(() => Period, periodArg)
  period!: Period
}

@InputType({ description: 'Settings of the shop; what is not given stays.' })
class UpdateShopInput {
  @Field(() => Int, {
    nullable: true,
    description: `Minutes after which an order is getting late, 1 to ${latest}.`,
  })
  warnAfterMinutes?: number | null

  @Field(() => Int, {
    nullable: true,
    description: `Minutes after which an order is late, more than warnAfterMinutes, up to ${latest}.`,
  })
  lateAfterMinutes?: number | null
}

/** The shop's own settings. */
@Resolver(() => Shop)
export class ShopResolver {
  @FieldResolver(() => Int, {
    description:
      'Minutes that a guest who orders now may expect to wait, by what is to be made and how fast it was.',
  })
  waitMinutes(@Ctx() { waits }: Context, @Root() shop: Shop): Promise<number> {
    return waits.of(shop.id)
  }

  @allow('menu:write')
  @Mutation(() => Shop, { description: 'Take no new orders, by phone or by API, or take them again.' })
  pauseOrdering(
    @Ctx() { em, log }: Context,
    @Arg('paused', () => Boolean, { description: 'True to pause, false to go on.' }) paused: boolean,
    @Arg('period', () => Period, periodArg) period: Period,
  ): Promise<Shop> {
    return log.change(em, async tx => {
      const shop = await lockedShop(tx.em)
      const until = endOf(period, shop.timezone)
      if (shop.pause(paused, until)) await tx.append(shop.id, { type: EventType.SHOP_CHANGED })
      return shop
    })
  }

  @allow('menu:write')
  @Mutation(() => ShopChangeResult, {
    description: 'Orders take longer: callers, programs and the board are told so. 0 ends it.',
  })
  delayOrdering(
    @Ctx() context: Context,
    @Arg('input', () => DelayOrderingInput, { description: 'By how much, and for how long.' })
    { minutes, period }: DelayOrderingInput,
  ): Promise<Shop | ShopChangeRefused> {
    return changeShop(context, shop => {
      if (minutes < 0 || minutes > longestDelay) {
        refuse('BAD_DELAY', `A delay is 0 to ${longestDelay} minutes. Pause ordering for longer.`, [
          'input',
          'minutes',
        ])
      }
      return shop.delay(minutes, endOf(period, shop.timezone))
    })
  }

  @allow('menu:write')
  @Mutation(() => ShopChangeResult, { description: 'Change settings of the shop.' })
  updateShop(
    @Ctx() context: Context,
    @Arg('input', () => UpdateShopInput, { description: 'What changes.' }) input: UpdateShopInput,
  ): Promise<Shop | ShopChangeRefused> {
    return changeShop(context, shop => {
      const warn = input.warnAfterMinutes ?? shop.warnAfterMinutes
      const late = input.lateAfterMinutes ?? shop.lateAfterMinutes
      if (!mayBeLate(warn, late)) {
        const blamed =
          input.warnAfterMinutes == null || late > latest ? 'lateAfterMinutes' : 'warnAfterMinutes'
        refuse('BAD_THRESHOLDS', `${thresholdRule}.`, ['input', blamed])
      }
      if (warn === shop.warnAfterMinutes && late === shop.lateAfterMinutes) return false
      shop.warnAfterMinutes = warn
      shop.lateAfterMinutes = late
      return true
    })
  }
}

/** Locked, so that of two people who change it at the same moment none is lost. */
async function lockedShop(em: Context['em']): Promise<Shop> {
  const { id } = await shopOf(em)
  return em.findOneOrFail(Shop, id, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true })
}

/** @param work refuses before it writes anything. → whether it has changed anything */
async function changeShop(
  { em, log }: Context,
  work: (shop: Shop) => boolean,
): Promise<Shop | ShopChangeRefused> {
  try {
    return await log.change(em, async tx => {
      const shop = await lockedShop(tx.em)
      if (work(shop)) await tx.append(shop.id, { type: EventType.SHOP_CHANGED })
      return shop
    })
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const { code, message, path } = error
    return Object.assign(new ShopChangeRefused(), { code, message, path })
  }
}
