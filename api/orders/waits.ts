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

/** Minutes that so many drinks take, with what staff have added. */
type Reckoning = (drinks: number) => number

/**
 * Minutes until drinks that are ordered now are made: all drinks before them and themselves, at the pace of the last hour,
 * and what staff have added.
 */
export async function waitMinutes(em: EntityManager, shop: Shop, drinks: number): Promise<number> {
  const minutes = await reckoningOf(em, shop)
  return minutes((await cupsToMake(em, shop.id)) + drinks)
}

/** Cups that are still to be made, of all orders or of those that were placed up to a time. */
const cupsToMake = (em: EntityManager, shop: string, placed?: Date): Promise<number> =>
  em.count(OrderItem, {
    doneAt: null,
    order: { shop, ...inStatus(boardStatuses), ...(placed && { createdAt: { $lte: placed } }) },
  })

/**
 * How long drinks take at the pace of the last hour. A shop is reckoned as one queue: an order is worked on from when it
 * came or the one before was ready, whichever is later (Lindley's recursion, taken backwards), so a quiet hour does not look
 * like a slow one.
 */
async function reckoningOf(em: EntityManager, shop: Shop, now = new Date()): Promise<Reckoning> {
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
  return drinks => Math.max(leastMinutes, Math.ceil((drinks * pace) / 60)) + shop.delayMinutes
}

interface Queue {
  /** Still to be made. */
  cups: number
  minutes: Reckoning
}

/** How long an answer holds while nothing happens in the shop, in milliseconds. */
const holds = 15_000

/** What guests may expect to wait, reckoned once for all who look at a shop at the same time. */
export class Waits {
  readonly #orm: MikroORM
  /** By id of the shop. */
  readonly #known = new Map<string, { at: number; queue: Promise<Queue> }>()

  constructor(orm: MikroORM, log: EventLog) {
    this.#orm = orm
    log.onWake(() => this.#known.clear())
  }

  /** Minutes until drinks that are ordered now would be made. */
  async of(shop: string, drinks = 1): Promise<number> {
    const { cups, minutes } = await this.#queue(shop)
    return minutes(cups + drinks)
  }

  /** Minutes until an order that is being made is ready; those that were placed after it do not count. */
  async until({ createdAt, shop: { id } }: Order): Promise<number> {
    const { minutes } = await this.#queue(id)
    return minutes(await cupsToMake(this.#orm.em.fork(), id, createdAt))
  }

  #queue(shop: string): Promise<Queue> {
    const known = this.#known.get(shop)
    if (known && performance.now() - known.at < holds) return known.queue
    const queue = this.#read(shop)
    this.#known.set(shop, { at: performance.now(), queue })
    // One that failed is not kept.
    queue.catch(() => this.#known.delete(shop))
    return queue
  }

  async #read(id: string): Promise<Queue> {
    const em = this.#orm.em.fork()
    const minutes = await reckoningOf(em, await em.findOneOrFail(Shop, id))
    return { minutes, cups: await cupsToMake(em, id) }
  }
}
