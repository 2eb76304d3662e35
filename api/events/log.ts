import { randomInt } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { DeadlockException } from '@mikro-orm/core'
import { PostgreSqlDriver } from '@mikro-orm/postgresql'
import type { EntityManager, MikroORM } from '@mikro-orm/sql'
import { Event, EventType, type PublicOrder } from './event.entity.ts'
import { channel } from './notifications.ts'
import { Tail } from './tail.ts'

/** What a change tells the log. */
export interface Change {
  type: EventType
  /** Id of the order it is about. */
  order?: string
  data?: PublicOrder
}

/** A transaction in which changes can be put on the log. */
export interface Transaction {
  em: EntityManager
  append(shop: string, change: Change): Promise<void>
}

export interface LogOptions {
  /** How often a stream says that it lives, in milliseconds. */
  heartbeat?: number
  /** How often the log is looked at without having been woken, in milliseconds. */
  poll?: number
  /** How many events a listener may fall behind before its stream ends. */
  buffer?: number
}

/** How often a change is tried that the database ends because it and another one wait for each other. */
const mostTries = 5

/**
 * The log every listener reads. Changes are appended in the transaction that makes them; the wake-up afterwards
 * carries no data, so losing one loses nothing.
 */
export class EventLog {
  readonly #tails = new Map<string, Tail>()
  readonly #listeners = new Set<() => void>()
  readonly #orm: MikroORM
  readonly #options: LogOptions

  constructor(orm: MikroORM, options: LogOptions = {}) {
    this.#orm = orm
    this.#options = options
  }

  /**
   * Runs a change and its events as one transaction and wakes the listeners once it is committed. `em` and every
   * resolver that shares it see the transaction for as long as `work` runs.
   * @param work finds all it needs itself: it runs again when the database has rolled it back for a deadlock
   */
  async change<T>(em: EntityManager, work: (tx: Transaction) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#transact(em, work)
      } catch (error) {
        if (!(error instanceof DeadlockException) || tries === mostTries) throw error
        em.clear()
        // The other one shall be through by then: who comes back at once takes the row from under its nose.
        await wait(tries * randomInt(10, 50))
      }
    }
  }

  async #transact<T>(em: EntityManager, work: (tx: Transaction) => Promise<T>): Promise<T> {
    const shops = new Set<string>()
    const result = await em.transactional(async inner =>
      work({
        em: inner,
        append: async (shop, change) => {
          await inner.flush()
          await append(inner, shop, change)
          shops.add(shop)
        },
      }),
    )
    for (const shop of shops) this.wake(shop)
    return result
  }

  /** Tells listeners that there may be something new: of this shop, of any if omitted. */
  wake(shop?: string): void {
    if (shop !== undefined) this.#tails.get(shop)?.wake()
    else for (const tail of this.#tails.values()) tail.wake()
    for (const listener of this.#listeners) listener()
  }

  /** Calls back after every change of any shop. → stops calling */
  onWake(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Events after `after`, oldest first. */
  read(shop: string, after: number, limit: number): Promise<Event[]> {
    return readEvents(this.#orm.em.fork(), shop, after, limit)
  }

  /**
   * Everything after `after` (from now on if omitted), then what comes, as long as the stream is wanted.
   * @throws GraphQLError SUBSCRIPTION_LAGGED when the listener is too slow; it may resume from its cursor
   */
  listen(shop: string, after?: number): AsyncGenerator<LogEntry, void> {
    let tail = this.#tails.get(shop)
    if (!tail) {
      tail = new Tail(
        shop,
        (seq, limit) => this.read(shop, seq, limit),
        () => this.head(shop),
        this.#options,
      )
      this.#tails.set(shop, tail)
    }
    return tail.listen(after)
  }

  /** `seq` of the newest event. */
  async head(shop: string): Promise<number> {
    const em = this.#orm.em.fork()
    const [row] = await em.execute<{ seq: number }[]>('select event_seq as seq from shop where id = ?', [
      shop,
    ])
    return Number(row?.seq ?? 0)
  }

  close(): void {
    for (const tail of this.#tails.values()) tail.close()
    this.#tails.clear()
    this.#listeners.clear()
  }
}

/** What a stream yields: an event of the log, or one that the stream makes itself. */
export type LogEntry = Pick<Event, 'seq' | 'type' | 'order' | 'data' | 'at'>

/** Events after `after`, oldest first, as this transaction sees them. */
export async function readEvents(
  em: EntityManager,
  shop: string,
  after: number,
  limit: number,
): Promise<Event[]> {
  return em.find(
    Event,
    { shop, seq: { $gt: after } },
    { orderBy: { seq: 'asc' }, limit, disableIdentityMap: true },
  )
}

/**
 * Takes the shop's next number and writes the row. Taking it locks the shop's row until the transaction ends, so
 * numbers become visible in their order: a reader by cursor can skip none, on PostgreSQL as on SQLite. PostgreSQL also
 * tells the other processes, once it is committed.
 */
async function append(em: EntityManager, shop: string, { type, order, data }: Change): Promise<void> {
  const tell = em.getDriver() instanceof PostgreSqlDriver ? `, pg_notify('${channel}', id)` : ''
  const [row] = await em.execute<{ seq: number }[]>(
    `update shop set event_seq = event_seq + 1 where id = ? returning event_seq as seq${tell}`,
    [shop],
  )
  if (!row) throw new Error(`no shop ${shop}`)
  await em.insert(Event, {
    shop,
    seq: Number(row.seq),
    type,
    order: order ?? null,
    data: data ?? null,
    at: new Date(),
  })
}
