import type { GraphQLResolveInfo } from 'graphql'
import { Arg, Ctx, Field, Info, Int, ObjectType, Query, Resolver } from 'type-graphql'
import { allow } from '../auth/allow.ts'
import { badInput, connectionOf, firstArg, largestPage } from '../connection.ts'
import type { Context } from '../context.ts'
import { readWith } from '../loaders.ts'
import { Order } from '../orders/order.entity.ts'
import { readRows } from '../rows.ts'
import { readShop } from '../shops/shop-of.ts'
import { OrderEvent, seqOf } from './order-event.ts'

@ObjectType({ description: 'A page of the log, oldest first.', simpleResolvers: true })
class OrderEventConnection extends connectionOf(OrderEvent, 'events') {
  @Field(() => Boolean, {
    description:
      'True when the log does not reach back to `after`, or never gave that cursor: something was missed. Load what you show anew, then go on from `endCursor`.',
  })
  gap!: boolean
}

/** The log as pages, for those who ask now and then instead of listening. */
@Resolver()
export class HistoryResolver {
  @allow('orders:read')
  @Query(() => OrderEventConnection, {
    description:
      'What has happened to orders, the menu and the shop, oldest first. Its cursors are those of orderEvents, boardEvents and webhooks.',
  })
  async events(
    @Ctx() { em, loaders, log }: Context,
    @Info() info: GraphQLResolveInfo,
    @Arg('first', () => Int, firstArg) first: number,
    @Arg('after', () => String, {
      nullable: true,
      description:
        'Everything after this opaque cursor, or after "0", which is the beginning of the log. From the oldest event there is if omitted.',
    })
    after?: string | null,
  ): Promise<OrderEventConnection> {
    if (first < 1 || first > largestPage) throw badInput(`\`first\` must be from 1 to ${largestPage}.`)
    const from = seqOf(after)
    const { id, eventSeq } = await readShop(em)
    const rows = await log.read(id, from ?? 0, first + 1)
    const gap = from !== undefined && from !== eventSeq && rows[0]?.seq !== from + 1
    const shown = gap ? [] : rows.slice(0, first)
    const orders = await readRows(em, Order, { id: { $in: shown.flatMap(({ order }) => order ?? []) } })
    await readWith(loaders, orders, info)
    const byId = new Map(orders.map(order => [order.id, order]))
    const nodes = shown.map(({ type, seq, at, order }) => ({
      type,
      cursor: String(seq),
      at,
      order: byId.get(order ?? '') ?? null,
    }))
    const end = gap ? String(eventSeq) : (after ?? null)
    return {
      gap,
      edges: nodes.map(node => ({ cursor: node.cursor, node })),
      nodes,
      pageInfo: {
        hasNextPage: !gap && rows.length > first,
        hasPreviousPage: !gap && from !== undefined && from > 0,
        startCursor: nodes[0]?.cursor ?? null,
        // An empty page ends where it began, so that whoever asks again may always go on from here.
        endCursor: nodes.at(-1)?.cursor ?? end,
      },
    }
  }
}
