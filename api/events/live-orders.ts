import type { MikroORM } from '@mikro-orm/sql'
import { createLoaders } from '../loaders.ts'
import { Order } from '../orders/order.entity.ts'
import { readRows } from '../rows.ts'
import type { LogEntry } from './log.ts'
import { patiently } from './patiently.ts'

/** How long what was read is told to others, in milliseconds: no longer than it takes to tell everybody. */
const holds = 1_000

/** The orders that events are about, with cups and texts, read once for all who hear of an event at the same time. */
export class LiveOrders {
  readonly #orm: MikroORM
  readonly #known = new WeakMap<LogEntry, { at: number; order: Promise<Order | null> }>()

  constructor(orm: MikroORM) {
    this.#orm = orm
  }

  /** The order as it is now, only to be shown; null when the event is about none. */
  of(entry: LogEntry): Promise<Order | null> {
    const known = this.#known.get(entry)
    if (known && performance.now() - known.at < holds) return known.order
    const { order: id } = entry
    const order = id ? patiently(() => this.#read(id)) : Promise.resolve(null)
    this.#known.set(entry, { at: performance.now(), order })
    // One that failed is not kept.
    order.catch(() => this.#known.delete(entry))
    return order
  }

  async #read(id: string): Promise<Order | null> {
    const em = this.#orm.em.fork()
    const [order] = await readRows(em, Order, { id })
    if (!order) return null
    const { items, texts } = createLoaders(em)
    const [cups, told] = await Promise.all([items.load(order), texts.load(order)])
    return Object.assign(order, { items: cups, texts: told })
  }
}
