import type { EntityManager, MikroORM } from '@mikro-orm/sql'
import type { EventLog } from '../events/log.ts'
import { quantileOf } from '../numbers/quantile.ts'
import { Shop } from '../shops/shop.entity.ts'
import { Order } from './order.entity.ts'
import { OrderItem } from './order-item.entity.ts'
import { boardStatuses, inStatus } from './order-status.ts'

/** How far back the pace of a shop is looked at, in milliseconds, and in how many orders at most. */
const recent = 60 * 60_000
const mostOrders = 20
/** Fewer orders than this say nothing about the pace. */
const leastOrders = 3
/** Seconds that a drink takes when nothing is known; and the least and the most that are believed. */
const usual = 60
const fastest = 15
const slowest = 300
const leastMinutes = 2

/**
 * Minutes until a drink that is ordered now is made: all drinks before it and itself, at the pace of the last hour, and
 * what staff have added. A shop is reckoned as one queue: an order is worked on from when it came or the one before was
 * ready, whichever is later (Lindley's recursion, taken backwards), so a quiet hour does not look like a slow one.
 */
export async function waitMinutes(em: EntityManager, shop: Shop, now = new Date()): Promise<number> {
  const since = new Date(now.getTime() - recent)
  const made = await em.find(
    Order,
    { shop, createdAt: { $gte: since }, readyAt: { $ne: null } },
    {
      fields: ['createdAt', 'readyAt', 'items.id'],
      populate: ['items'],
      orderBy: { readyAt: 'desc' },
      limit: mostOrders + 1,
      disableIdentityMap: true,
    },
  )
  const paces = made.slice(0, mostOrders).map(({ createdAt, readyAt, items }, index) => {
    const before = made[index + 1]?.readyAt ?? createdAt
    const worked = readyAt!.getTime() - Math.max(createdAt.getTime(), before.getTime())
    return Math.round(worked / 1_000 / Math.max(1, items.length))
  })
  const pace =
    paces.length < leastOrders ? usual : Math.min(slowest, Math.max(fastest, quantileOf(paces, 0.5)!))
  const before = await em.count(OrderItem, {
    doneAt: null,
    order: { shop, ...inStatus(boardStatuses) },
  })
  return Math.max(leastMinutes, Math.ceil(((before + 1) * pace) / 60)) + shop.delayMinutes
}

/** How long an answer holds while nothing happens in the shop, in milliseconds. */
const holds = 15_000

/** What guests may expect to wait, reckoned once for all who look at a shop at the same time. */
export class Waits {
  readonly #orm: MikroORM
  /** By id of the shop. */
  readonly #known = new Map<string, { at: number; minutes: Promise<number> }>()

  constructor(orm: MikroORM, log: EventLog) {
    this.#orm = orm
    log.onWake(() => this.#known.clear())
  }

  of(shop: string): Promise<number> {
    const known = this.#known.get(shop)
    if (known && performance.now() - known.at < holds) return known.minutes
    const minutes = this.#reckon(shop)
    this.#known.set(shop, { at: performance.now(), minutes })
    // One that failed is not kept.
    minutes.catch(() => this.#known.delete(shop))
    return minutes
  }

  async #reckon(id: string): Promise<number> {
    const em = this.#orm.em.fork()
    return waitMinutes(em, await em.findOneOrFail(Shop, id))
  }
}
