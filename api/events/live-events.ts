import type { MikroORM } from '@mikro-orm/sql'
import { createLoaders } from '../loaders.ts'
import { Order } from '../orders/order.entity.ts'
import { readRows } from '../rows.ts'
import { type BoardEvent, boardEventOf } from './board-event.ts'
import type { LogEntry } from './log.ts'
import type { OrderEvent } from './order-event.ts'
import { patiently } from './patiently.ts'

/** How long what was read is told to others, in milliseconds: no longer than it takes to tell everybody. */
const holds = 1_000

/** What is told of the entries of a log, one object of each for all who hear of it at the same time. */
export class LiveEvents {
  readonly #orm: MikroORM
  readonly #forBoard = new WeakMap<LogEntry, BoardEvent>()
  readonly #forStaff = new WeakMap<LogEntry, { at: number; event: Promise<OrderEvent> }>()

  constructor(orm: MikroORM) {
    this.#orm = orm
  }

  /** @param shop whose log it is */
  forBoard(entry: LogEntry, shop: string): BoardEvent {
    const known = this.#forBoard.get(entry)
    if (known) return known
    const event = boardEventOf(entry, shop)
    this.#forBoard.set(entry, event)
    return event
  }

  /** With the order as it is now, with cups and texts, read once and only to be shown; null when it is about none. */
  forStaff(entry: LogEntry): Promise<OrderEvent> {
    const known = this.#forStaff.get(entry)
    if (known && performance.now() - known.at < holds) return known.event
    const event = this.#withOrder(entry)
    this.#forStaff.set(entry, { at: performance.now(), event })
    // One that failed is not kept.
    event.catch(() => this.#forStaff.delete(entry))
    return event
  }

  async #withOrder({ type, seq, at, order }: LogEntry): Promise<OrderEvent> {
    return { type, cursor: String(seq), at, order: order ? await patiently(() => this.#read(order)) : null }
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
