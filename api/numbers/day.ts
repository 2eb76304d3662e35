import type { EntityManager } from '@mikro-orm/sql'
import { GraphQLLocalDate } from 'graphql-scalars'
import { Field, Int, ObjectType } from 'type-graphql'
import { Call } from '../calls/call.entity.ts'
import { CallOutcome } from '../calls/outcome.ts'
import { Money, money } from '../money.ts'
import { Order } from '../orders/order.entity.ts'
import { OrderStatus } from '../orders/order-status.ts'
import type { Shop } from '../shops/shop.entity.ts'
import { quantileOf } from './quantile.ts'

@ObjectType({ description: 'What happened in one hour of a day.', simpleResolvers: true })
export class DayHour {
  @Field(() => Int, { description: "The hour by the shop's clock, 0 to 23." })
  hour!: number

  @Field(() => Int, { description: 'Orders placed, without cancelled ones.' })
  orders!: number

  @Field(() => Int, { description: 'Drinks of these orders.' })
  drinks!: number

  @Field(() => Int, { description: 'Calls that came in.' })
  calls!: number

  @Field(() => Int, { description: 'Those of them that ended in an order.' })
  callsOrdered!: number

  @Field(() => Int, {
    nullable: true,
    description:
      'Median seconds from placed to ready, of orders placed in this hour; null when none was ready.',
  })
  medianPreparationSeconds!: number | null
}

@ObjectType({ description: 'The numbers of one day of a shop.', simpleResolvers: true })
export class Day {
  @Field(() => GraphQLLocalDate, { description: "The day, from midnight to midnight by the shop's clock." })
  date!: string

  @Field(() => Int, { description: 'Orders placed, without cancelled ones.' })
  orders!: number

  @Field(() => Int, { description: 'Orders that were placed and cancelled.' })
  cancelled!: number

  @Field(() => Int, { description: 'Drinks of all orders that were not cancelled.' })
  drinks!: number

  @Field(() => Money, { description: 'What they cost together.' })
  revenue!: Money

  @Field(() => Int, {
    nullable: true,
    description: 'Median seconds from placed to ready; null when no order was ready.',
  })
  medianPreparationSeconds!: number | null

  @Field(() => Int, {
    nullable: true,
    description:
      'Seconds from placed to ready that nine of ten orders did not exceed; null when no order was ready.',
  })
  p90PreparationSeconds!: number | null

  @Field(() => Int, { description: 'Calls that came in.' })
  calls!: number

  @Field(() => Int, { description: 'Those of them that ended in an order.' })
  callsOrdered!: number

  @Field(() => Int, {
    description:
      'Those of them in which drinks were chosen and never ordered; a guest who called back is not among them.',
  })
  callsAbandoned!: number

  @Field(() => [DayHour], { description: 'The hours in which anything happened, in order.' })
  hours!: DayHour[]
}

interface OrderRow {
  createdAt: Date
  readyAt: Date | null
  cups: number
  totalMinor: number
}

interface CallRow {
  startedAt: Date
  outcome: CallOutcome
}

/** Reckons the numbers of a day by the shop's clock; days on which clocks change have 23 or 25 hours. */
export async function dayOf(em: EntityManager, shop: Shop, date: Temporal.PlainDate): Promise<Day> {
  const between = {
    $gte: startOf(date, shop.timezone),
    $lt: startOf(date.add({ days: 1 }), shop.timezone),
  }
  const [all, calls] = [await ordersOf(em, shop, between), await callsOf(em, shop, between)]
  const orders = all.filter(({ status }) => status !== OrderStatus.CANCELLED)
  const hourOf = (at: Date) => zoned(at, shop.timezone).hour
  const ordersByHour = Map.groupBy(orders, ({ createdAt }) => hourOf(createdAt))
  const callsByHour = Map.groupBy(calls, ({ startedAt }) => hourOf(startedAt))
  const hours = [...new Set([...ordersByHour.keys(), ...callsByHour.keys()])].sort((a, b) => a - b)
  const preparation = secondsOf(orders)
  return {
    date: date.toString(),
    orders: orders.length,
    cancelled: all.length - orders.length,
    drinks: sumOf(orders, ({ cups }) => cups),
    revenue: money(
      sumOf(orders, ({ totalMinor }) => totalMinor),
      shop.currency,
    ),
    medianPreparationSeconds: quantileOf(preparation, 0.5),
    p90PreparationSeconds: quantileOf(preparation, 0.9),
    calls: calls.length,
    callsOrdered: withOutcome(calls, CallOutcome.ORDERED),
    callsAbandoned: withOutcome(calls, CallOutcome.ABANDONED),
    hours: hours.map(hour => {
      const [placed, came] = [ordersByHour.get(hour) ?? [], callsByHour.get(hour) ?? []]
      return {
        hour,
        orders: placed.length,
        drinks: sumOf(placed, ({ cups }) => cups),
        calls: came.length,
        callsOrdered: withOutcome(came, CallOutcome.ORDERED),
        medianPreparationSeconds: quantileOf(secondsOf(placed), 0.5),
      }
    }),
  }
}

/** Today, by the shop's clock. */
export const today = ({ timezone }: Shop): Temporal.PlainDate => Temporal.Now.plainDateISO(timezone)

const zoned = (at: Date, timezone: string) =>
  Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(timezone)

const startOf = (date: Temporal.PlainDate, timezone: string) =>
  new Date(date.toZonedDateTime(timezone).epochMilliseconds)

interface Between {
  $gte: Date
  $lt: Date
}

async function ordersOf(em: EntityManager, shop: Shop, createdAt: Between) {
  const found = await em.find(
    Order,
    { shop, createdAt },
    {
      fields: ['status', 'createdAt', 'readyAt', 'totalMinor', 'items.id'],
      populate: ['items'],
      disableIdentityMap: true,
    },
  )
  return found.map(({ status, createdAt, readyAt, totalMinor, items }) => ({
    ...{ status, createdAt, readyAt, totalMinor },
    cups: items.length,
  }))
}

async function callsOf(em: EntityManager, shop: Shop, startedAt: Between): Promise<CallRow[]> {
  const found = await em.find(
    Call,
    { shop, startedAt },
    {
      fields: ['startedAt', 'endedAt', 'cart', 'pendingItem', 'order.id', 'resumedBy.id'],
      populate: ['order', 'resumedBy'],
      disableIdentityMap: true,
    },
  )
  return found.map(call => ({ startedAt: call.startedAt, outcome: (call as unknown as Call).outcome }))
}

const sumOf = <T>(rows: T[], value: (row: T) => number) => rows.reduce((sum, row) => sum + value(row), 0)

const secondsOf = (orders: OrderRow[]) =>
  orders.flatMap(({ createdAt, readyAt }) =>
    readyAt ? [Math.round((readyAt.getTime() - createdAt.getTime()) / 1_000)] : [],
  )

const withOutcome = (calls: CallRow[], outcome: CallOutcome) =>
  calls.filter(call => call.outcome === outcome).length
