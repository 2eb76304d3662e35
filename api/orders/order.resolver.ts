import { GraphQLError, type GraphQLResolveInfo } from 'graphql'
import {
  Arg,
  Ctx,
  Field,
  FieldResolver,
  ID,
  Info,
  InputType,
  Int,
  Mutation,
  ObjectType,
  Query,
  Resolver,
  Root,
} from 'type-graphql'
import { allow } from '../auth/allow.ts'
import type { Viewer } from '../auth/viewer.ts'
import { afterArg, badInput, connectionOf, firstArg, paginate } from '../connection.ts'
import type { Context } from '../context.ts'
import { EventType } from '../events/event.entity.ts'
import { readWith } from '../loaders.ts'
import { readRows } from '../rows.ts'
import { readShop } from '../shops/shop-of.ts'
import { resendText } from '../sms/resend-text.ts'
import { Sms } from '../sms/sms.entity.ts'
import { changeOrder, MoveOrderResult, type OrderChange } from './change-order.ts'
import { recordLabels, setCupDone } from './cups.ts'
import { moveOrder } from './move-order.ts'
import { MarkOrderSeenInput, RecordLabelsInput, ResendTextInput, SetCupDoneInput } from './order-input.ts'
import { Order, OrderSource } from './order.entity.ts'
import { OrderItem } from './order-item.entity.ts'
import { inStatus, OrderStatus } from './order-status.ts'

@ObjectType({ description: 'A page of orders, newest first.', simpleResolvers: true })
class OrderConnection extends connectionOf(Order, 'orders') {
  @Field(() => String, {
    description:
      'Opaque cursor of how far the log had come when this page was read: `after` of orderEvents, to miss nothing.',
  })
  eventCursor!: string
}

@InputType({ description: 'Which orders; every condition given must hold.' })
class OrderFilter {
  @Field(() => [OrderStatus], { nullable: true, description: 'In one of these statuses.' })
  status?: OrderStatus[] | null

  @Field(() => String, { nullable: true, description: 'With this number.' })
  number?: string | null

  @Field(() => OrderSource, { nullable: true, description: 'That came in this way.' })
  source?: OrderSource | null

  @Field(() => Date, { nullable: true, description: 'Placed at or after this time.' })
  createdAfter?: Date | null

  @Field(() => Date, { nullable: true, description: 'Placed before this time.' })
  createdBefore?: Date | null

  @Field(() => Date, { nullable: true, description: 'Last made ready at or after this time.' })
  readyAfter?: Date | null

  @Field(() => String, {
    nullable: true,
    description: 'Whose phone number ends with these 2 to 15 digits. Needs the scope orders:pii.',
  })
  phoneEndsWith?: string | null
}

/** Orders: read, and moved by staff. */
@Resolver(() => Order)
export class OrderResolver {
  @allow('orders:read')
  @Query(() => OrderConnection, { description: 'Orders, newest first.' })
  async orders(
    @Ctx() { em, loaders, piiReads, viewer }: Context,
    @Info() info: GraphQLResolveInfo,
    @Arg('first', () => Int, firstArg) first: number,
    @Arg('after', () => String, afterArg) after?: string | null,
    @Arg('filter', () => OrderFilter, { nullable: true, description: 'Which orders.' })
    filter?: OrderFilter | null,
  ): Promise<OrderConnection> {
    const { createdBefore, phoneEndsWith, readyAfter } = filter ?? {}
    if (phoneEndsWith != null) checkEnding(phoneEndsWith, viewer)
    const shop = await readShop(em)
    const where = {
      shop: shop.id,
      ...(filter?.status && inStatus(filter.status)),
      ...(filter?.number != null && { number: filter.number }),
      ...(filter?.source && { source: filter.source }),
      ...(filter?.createdAfter && { createdAt: { $gte: filter.createdAfter } }),
      ...(readyAfter && { readyAt: { $gte: readyAfter } }),
      ...(phoneEndsWith && { phone: { $like: `%${phoneEndsWith}` } }),
    }
    const more = [
      ...(createdBefore ? [{ createdAt: { $lt: createdBefore } }] : []),
      // There is an index by time of placing, and nothing is made for longer than a day.
      ...(readyAfter ? [{ createdAt: { $gte: new Date(readyAfter.getTime() - longestMaking) } }] : []),
    ]
    const page = await paginate(
      (older, options) => readRows(em, Order, { $and: [where, ...more, ...older] }, options),
      'createdAt',
      { first, after },
    )
    if (phoneEndsWith != null) {
      // Who is told whose number ends so has read it, and whoever is told that nobody's does.
      piiReads.note('OrderFilter', 'phoneEndsWith', filter)
      for (const order of page.nodes) piiReads.note('Order', 'phone', order)
    }
    await readWith(loaders, page.nodes, info)
    // As it was before the page was read: what happens in between comes twice rather than never.
    return { ...page, eventCursor: String(shop.eventSeq) }
  }

  @allow('orders:read')
  @Query(() => Order, { nullable: true, description: 'One order, by id or by number; by number the newest.' })
  async order(
    @Ctx() { em, loaders }: Context,
    @Info() info: GraphQLResolveInfo,
    @Arg('id', () => ID, { nullable: true, description: 'Its opaque id.' }) id?: string | null,
    @Arg('number', () => String, { nullable: true, description: 'Its four digits.' }) number?: string | null,
  ): Promise<Order | null> {
    if (id == null && number == null) throw badInput('Give `id` or `number` of the order.')
    const { id: shop } = await readShop(em)
    const where = { shop, ...(id != null && { id }), ...(number != null && { number }) }
    const found = await readRows(em, Order, where, { orderBy: { createdAt: 'desc' }, limit: 1 })
    return (await readWith(loaders, found, info))[0] ?? null
  }

  @FieldResolver(() => [OrderItem], { description: 'The cups, in order.' })
  items(@Ctx() { loaders }: Context, @Root() order: Order): OrderItem[] | Promise<OrderItem[]> {
    return Array.isArray(order.items) ? order.items : loaders.items.load(order)
  }

  @FieldResolver(() => [Sms], { description: 'The texts about it, oldest first.' })
  texts(@Ctx() { loaders }: Context, @Root() order: Order): Sms[] | Promise<Sms[]> {
    return Array.isArray(order.texts) ? order.texts : loaders.texts.load(order)
  }

  @FieldResolver(() => Date, {
    nullable: true,
    description:
      'Until then the ready text is held back, and recalling the order is not noticed by the guest; null unless it is ready.',
  })
  holdUntil(@Root() { status, holdUntil }: Order): Date | null {
    return status === OrderStatus.READY ? holdUntil : null
  }

  @allow('orders:write')
  @Mutation(() => MoveOrderResult, { description: 'Somebody has started on it.' })
  startOrder(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'The order.' }) id: string,
  ): Promise<OrderChange> {
    return moveOrder(context, id, OrderStatus.PREPARING)
  }

  @allow('orders:write')
  @Mutation(() => MoveOrderResult, { description: 'All its drinks are made; the guest is told.' })
  markOrderReady(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'The order.' }) id: string,
  ): Promise<OrderChange> {
    return moveOrder(context, id, OrderStatus.READY)
  }

  @allow('orders:write')
  @Mutation(() => MoveOrderResult, { description: 'It was not ready after all.' })
  recallOrder(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'The order.' }) id: string,
    @Arg('tellGuest', () => Boolean, {
      defaultValue: false,
      description: 'Whether to text the guest so, when they were told that it is ready.',
    })
    tellGuest: boolean,
  ): Promise<OrderChange> {
    return moveOrder(context, id, OrderStatus.PREPARING, { tellGuest })
  }

  @allow('orders:write')
  @Mutation(() => MoveOrderResult, {
    description: 'A cup is made, or is not after all. The last one makes the order ready.',
  })
  setCupDone(
    @Ctx() context: Context,
    @Arg('input', () => SetCupDoneInput, { description: 'Which cup.' }) { cup, done }: SetCupDoneInput,
  ): Promise<OrderChange> {
    return setCupDone(context, cup, done)
  }

  @allow('orders:write')
  @Mutation(() => MoveOrderResult, {
    description: "Staff have seen the order, or the guest's change of it: it stands out no more.",
  })
  markOrderSeen(
    @Ctx() context: Context,
    @Arg('input', () => MarkOrderSeenInput, { description: 'Which order.' }) { id }: MarkOrderSeenInput,
  ): Promise<OrderChange> {
    return changeOrder(
      context,
      ['input', 'id'],
      () => id,
      async order => {
        if (order.seenAt) return undefined
        order.seenAt = new Date()
        return EventType.ORDER_UPDATED
      },
    )
  }

  @allow('orders:write')
  @Mutation(() => MoveOrderResult, { description: 'Send a text once more, to the number the order has now.' })
  resendText(
    @Ctx() context: Context,
    @Arg('input', () => ResendTextInput, { description: 'Which text.' }) { text }: ResendTextInput,
  ): Promise<OrderChange> {
    return resendText(context, text)
  }

  @allow('orders:write')
  @Mutation(() => MoveOrderResult, {
    description: 'Labels of cups of one order were printed; the next ones are reprints.',
  })
  recordLabels(
    @Ctx() context: Context,
    @Arg('input', () => RecordLabelsInput, { description: 'Which cups.' }) { cups }: RecordLabelsInput,
  ): Promise<OrderChange> {
    return recordLabels(context, cups)
  }

  @allow('orders:write')
  @Mutation(() => MoveOrderResult, { description: 'The guest has it.' })
  completeOrder(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'The order.' }) id: string,
  ): Promise<OrderChange> {
    return moveOrder(context, id, OrderStatus.PICKED_UP)
  }

  @allow('orders:write')
  @Mutation(() => MoveOrderResult, { description: 'It will not be made.' })
  cancelOrder(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'The order.' }) id: string,
    @Arg('reason', () => String, {
      nullable: true,
      description: 'Why, for other staff; the first 200 characters are kept.',
    })
    reason?: string | null,
  ): Promise<OrderChange> {
    return moveOrder(context, id, OrderStatus.CANCELLED, { cancelReason: reason })
  }
}

/** No order is placed longer before it is ready, in milliseconds. */
const longestMaking = 24 * 60 * 60_000

/** @throws GraphQLError FORBIDDEN without orders:pii: who may look for any ending can find out every number */
function checkEnding(digits: string, { name, scopes }: Viewer): void {
  if (!scopes.has('orders:pii')) {
    throw new GraphQLError(
      `Looking for phone numbers needs the scope orders:pii, which ${name} does not have.`,
      {
        extensions: { code: 'FORBIDDEN', scope: 'orders:pii' },
      },
    )
  }
  if (!/^\d{2,15}$/.test(digits)) throw badInput('`phoneEndsWith` must be 2 to 15 digits.')
}
