import type { EntityManager } from '@mikro-orm/sql'
import { type Stringifier, stringify } from 'csv-stringify'
import { money } from '../money.ts'
import type { Shop } from '../shops/shop.entity.ts'
import { Order } from './order.entity.ts'

/** Orders that are read at once: a million of them are never in memory together. */
const page = 500

/** One cup that was sold. No number and no name of a guest. */
export interface Sale {
  order: string
  /** By the shop's clock, "2026-11-25 18:30:05" as spreadsheets read it. */
  time: string
  /** The same moment by UTC: by the shop's clock an hour comes twice when summer time ends. */
  time_utc: string
  status: string
  source: string
  flavor: string
  toppings: string
  add_ons: string
  sweetness: string
  ice: string
  price: string
  currency: string
}

const columns: (keyof Sale)[] = [
  'order',
  'time',
  'time_utc',
  'status',
  'source',
  'flavor',
  'toppings',
  'add_ons',
  'sweetness',
  'ice',
  'price',
  'currency',
]

/** Sales as lines of CSV (RFC 4180). What a spreadsheet would take for a formula is written as text. */
export const salesCsv = (): Stringifier =>
  stringify({ header: true, columns, record_delimiter: 'windows', escape_formulas: true })

/** Every cup ordered from one moment to before another, oldest first. */
export async function* salesOf(
  em: EntityManager,
  shop: Shop,
  from: Temporal.Instant,
  before: Temporal.Instant,
): AsyncGenerator<Sale> {
  const end = new Date(before.epochMilliseconds)
  let after = { createdAt: new Date(from.epochMilliseconds), id: '' }
  for (;;) {
    const { createdAt, id } = after
    const orders = await em.find(
      Order,
      {
        shop,
        createdAt: { $gte: createdAt, $lt: end },
        $or: [{ createdAt: { $gt: createdAt } }, { id: { $gt: id } }],
      },
      { orderBy: { createdAt: 'asc', id: 'asc' }, limit: page, populate: ['items'] },
    )
    for (const order of orders) yield* cupsOf(order, shop.timezone)
    if (orders.length < page) return
    after = orders.at(-1)!
    em.clear()
  }
}

function* cupsOf(order: Order, timezone: string): Generator<Sale> {
  const placed = Temporal.Instant.fromEpochMilliseconds(order.createdAt.getTime())
  for (const { flavor, toppings, addOns, sweetness, ice, priceMinor } of order.items) {
    yield {
      order: order.number,
      time: clock(placed, timezone),
      time_utc: clock(placed, 'UTC'),
      status: order.status,
      source: order.source,
      flavor,
      toppings: toppings.join('; '),
      add_ons: addOns.join('; '),
      sweetness,
      ice,
      price: money(priceMinor, order.currency).amount,
      currency: order.currency,
    }
  }
}

const clock = (moment: Temporal.Instant, timezone: string) =>
  moment.toZonedDateTimeISO(timezone).toPlainDateTime().toString({ smallestUnit: 'second' }).replace('T', ' ')
