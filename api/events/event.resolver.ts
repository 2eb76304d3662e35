import {
  Arg,
  Ctx,
  Field,
  FieldResolver,
  ID,
  Int,
  ObjectType,
  Query,
  Resolver,
  Root,
  Subscription,
} from 'type-graphql'
import { allow } from '../auth/allow.ts'
import type { Context } from '../context.ts'
import { Order } from '../orders/order.entity.ts'
import { boardStatuses, inStatus, openStatuses } from '../orders/order-status.ts'
import { readRows } from '../rows.ts'
import { Shop } from '../shops/shop.entity.ts'
import { readShop } from '../shops/shop-of.ts'
import { BoardEvent, BoardOrder } from './board-event.ts'
import { EventType } from './event.entity.ts'
import type { LogEntry } from './log.ts'
import { OrderEvent, seqOf } from './order-event.ts'

@ObjectType({ description: 'What waiting guests see.', simpleResolvers: true })
class Board {
  @Field(() => Shop, { description: 'Whose board it is.' })
  shop!: Shop

  @Field(() => String, {
    description: 'Opaque cursor of how far the log had come when this was read: `after` of boardEvents.',
  })
  cursor!: string

  @Field(() => Date, { description: 'When this was read.' })
  at!: Date

  @Field(() => [BoardOrder], { description: 'Orders being prepared, oldest first.' })
  orders!: BoardOrder[]

  @Field(() => [BoardOrder], {
    description: 'Orders to be picked up that were made in the last two hours, the one called first first.',
  })
  ready!: BoardOrder[]
}

const afterArg = {
  nullable: true,
  description:
    'Everything after this opaque cursor (`"0"`: all there is), then what comes. From now if omitted.',
}

/**
 * Tells for the entries of a stream, one after the other, which happened before it began. Each of them costs as much as
 * the stream did, as soon as that is there; what happens from then on is free. A stream that has caught up says so by
 * its first heartbeat.
 */
function replayed(): (entry: LogEntry) => boolean {
  let before = true
  return ({ type }) => (before &&= type !== EventType.HEARTBEAT && type !== EventType.GAP)
}

async function* forBoard(
  shop: string,
  entries: AsyncGenerator<LogEntry, void>,
  { liveEvents, pay, spent }: Context,
): AsyncGenerator<BoardEvent> {
  const isReplayed = replayed()
  for await (const entry of entries) {
    if (isReplayed(entry)) await pay(spent.requested)
    yield liveEvents.forBoard(entry, shop)
  }
}

async function* forStaff(
  entries: AsyncGenerator<LogEntry, void>,
  { liveEvents, pay, spent }: Context,
): AsyncGenerator<OrderEvent> {
  const isReplayed = replayed()
  for await (const entry of entries) {
    if (isReplayed(entry)) await pay(spent.requested)
    yield await liveEvents.forStaff(entry)
  }
}

/** How long an order that nobody picks up stands on the board, in milliseconds. */
const shownFor = 2 * 60 * 60_000

/** The board, and the log as it comes. */
@Resolver(() => BoardEvent)
export class EventResolver {
  @allow('anyone')
  @Query(() => Board, { description: 'What waiting guests see: no names, no phone numbers.' })
  async board(
    @Ctx() { em }: Context,
    @Arg('shop', () => ID, { nullable: true, description: 'The only shop if omitted.' }) id?: string | null,
  ): Promise<Board> {
    const shop = await readShop(em, id)
    // Read with the shop, before the orders: what happens in between comes twice rather than never.
    const cursor = String(shop.eventSeq)
    const at = new Date()
    const open = await readRows(
      em,
      Order,
      { shop: shop.id, ...inStatus(openStatuses) },
      { orderBy: { createdAt: 'asc', id: 'asc' } },
    )
    const shown = open.map(({ number, status, createdAt, calledAt }) => ({
      number,
      status,
      createdAt,
      readyAt: calledAt,
    }))
    return {
      shop,
      cursor,
      at,
      orders: shown.filter(({ status }) => boardStatuses.includes(status)),
      ready: shown
        .filter(({ readyAt }) => readyAt && at.getTime() - readyAt.getTime() < shownFor)
        .toSorted((a, b) => a.readyAt!.getTime() - b.readyAt!.getTime()),
    }
  }

  @allow('anyone')
  @Subscription(() => BoardEvent, {
    description: 'What happens to orders, without names and phone numbers.',
    subscribe: async ({ args, context }: { args: Listen; context: Context }) => {
      const after = seqOf(context.resumeAfter ?? args.after)
      const { id } = await readShop(context.em, args.shop)
      return forBoard(id, context.log.listen(id, after), context)
    },
  })
  boardEvents(
    @Root() event: BoardEvent,
    @Arg('shop', () => ID, { nullable: true, description: 'The only shop if omitted.' })
    _shop?: string | null,
    @Arg('after', () => String, afterArg) _after?: string | null,
  ): BoardEvent {
    return event
  }

  @FieldResolver(() => Int, {
    description: 'Minutes that a guest who orders now may expect to wait, as things stand now.',
  })
  waitMinutes(@Ctx() { waits }: Context, @Root() { shop }: BoardEvent): Promise<number> {
    return waits.of(shop)
  }

  @allow('orders:read')
  @Subscription(() => OrderEvent, {
    description: 'What happens to orders, with the order.',
    subscribe: async ({ args, context }: { args: Listen; context: Context }) => {
      const after = seqOf(context.resumeAfter ?? args.after)
      return forStaff(context.log.listen((await readShop(context.em)).id, after), context)
    },
  })
  orderEvents(
    @Root() event: OrderEvent,
    @Arg('after', () => String, afterArg) _after?: string | null,
  ): OrderEvent {
    return event
  }
}

interface Listen {
  shop?: string | null
  after?: string | null
}
