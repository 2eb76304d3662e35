import { Ctx, Field, Int, ObjectType, Query, Resolver } from 'type-graphql'
import { allow } from '../auth/allow.ts'
import type { Context } from '../context.ts'

@ObjectType({
  description:
    'Points that whoever is asking may spend: a bucket that refills at a steady rate. `extensions.cost` of each answer says the same.',
  simpleResolvers: true,
})
class RateLimit {
  @Field(() => Int, { description: 'Points of this operation.' })
  requested!: number

  @Field(() => Int, { description: 'Points that are left, after this operation.' })
  available!: number

  @Field(() => Int, { description: 'Points of the full bucket.' })
  limit!: number

  @Field(() => Int, { description: 'Points that come back each second.' })
  restoreRate!: number
}

/** What may still be spent. */
@Resolver()
export class RateLimitResolver {
  @allow('anyone')
  @Query(() => RateLimit, { description: 'How many points may I still spend?' })
  rateLimit(@Ctx() { spent }: Context): RateLimit {
    return spent
  }
}
