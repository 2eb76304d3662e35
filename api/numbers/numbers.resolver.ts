import { GraphQLLocalDate } from 'graphql-scalars'
import { Arg, Ctx, Query, Resolver } from 'type-graphql'
import { allow } from '../auth/allow.ts'
import { badInput } from '../connection.ts'
import type { Context } from '../context.ts'
import { shopOf } from '../shops/shop-of.ts'
import { Day, dayOf, today } from './day.ts'

/** What the owner looks at in the evening. */
@Resolver(() => Day)
export class NumbersResolver {
  @allow('orders:read')
  @Query(() => Day, { description: 'The numbers of one day.' })
  async day(
    @Ctx() { em }: Context,
    @Arg('date', () => GraphQLLocalDate, {
      nullable: true,
      description: "The day, in the years 2000 to 9998; today by the shop's clock if omitted.",
    })
    date?: string | null,
  ): Promise<Day> {
    if (date && (date < '2000' || date >= '9999')) {
      throw badInput('`date` must lie in the years 2000 to 9998. Of other days nothing is known.')
    }
    const shop = await shopOf(em)
    return dayOf(em, shop, date ? Temporal.PlainDate.from(date) : today(shop))
  }
}
