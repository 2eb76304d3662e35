import { type EntityClass, type FilterQuery, LockMode } from '@mikro-orm/core'
import type { EntityManager, MikroORM } from '@mikro-orm/sql'
import type { Logger } from 'pino'
import { PiiRead } from './auth/pii-read.entity.ts'
import { Call, CallEndReason } from './calls/call.entity.ts'
import { eraseCalls, eraseOrders, eraseTexts } from './erasure/erase.ts'
import { sweep } from './erasure/sweep.ts'
import { Order } from './orders/order.entity.ts'
import { Sms } from './sms/sms.entity.ts'
import { WebhookDelivery } from './webhooks/webhook-delivery.entity.ts'

const hour = 60 * 60_000
/** Rows erased in one transaction, so that nobody else waits long. */
const batch = 200

/**
 * Erases phone numbers, names and words of whatever is older than `before`: calls, what the agent functions were told,
 * orders and texts, and the delivery logs of webhooks. What statistics need stays: times, drinks, prices, numbers of calls.
 * @returns how many calls and orders were erased
 */
export async function eraseBefore(
  em: EntityManager,
  before: Date,
): Promise<{ calls: number; orders: number }> {
  const old = { createdAt: { $lt: before } }
  const calls = await inBatches(em, Call, { erasedAt: null, startedAt: { $lt: before } }, eraseCalls)
  const orders = await inBatches(em, Order, { ...old, phone: { $ne: null } }, eraseOrders)
  await inBatches(em, Sms, { ...old, to: { $ne: null } }, eraseTexts)
  // They hold no number, but would grow for ever.
  await inBatches(em, WebhookDelivery, old, async (tx, ids) => {
    await tx.nativeDelete(WebhookDelivery, { id: { $in: ids } })
  })
  return { calls, orders }
}

/** Erases one batch after the other until no row is left that is to be erased. → how many there were */
async function inBatches<Row extends { id: string }>(
  em: EntityManager,
  rows: EntityClass<Row>,
  where: FilterQuery<Row>,
  erase: (tx: EntityManager, ids: string[]) => Promise<void>,
): Promise<number> {
  // What another process is erasing is passed over: two that take the same rows could wait for each other.
  const some = {
    limit: batch,
    lockMode: LockMode.PESSIMISTIC_PARTIAL_WRITE,
    disableIdentityMap: true,
  } as const
  for (let count = 0; ;) {
    const erased = await em.transactional(async tx => {
      const ids = (await tx.find(rows, where, some)).map(({ id }) => id)
      if (ids.length > 0) await erase(tx, ids)
      return ids.length
    })
    if (erased === 0) return count
    count += erased
  }
}

/**
 * A call that nobody has ended for so long, in milliseconds: its voice process died, and so did Twilio's word that the
 * call is over.
 */
const forgotten = 24 * hour

/** Ends calls that nobody has ended. → how many there were */
export async function endForgotten(em: EntityManager, before: Date): Promise<number> {
  return em.nativeUpdate(
    Call,
    { endedAt: null, startedAt: { $lt: before } },
    { endedAt: new Date(), endReason: CallEndReason.FAILED },
  )
}

/** Forgets who has read what is personal. → how many rows there were */
export function forgetReads(em: EntityManager, before: Date): Promise<number> {
  return em.nativeDelete(PiiRead, { at: { $lt: before } })
}

/** How long it is known who has read what is personal, in milliseconds. */
const readsKept = 365 * 24 * hour

/**
 * Ends forgotten calls, forgets after a year who has read what is personal, and erases what is older than so many days
 * (nothing when it is 0), now and every hour.
 * @returns stops it
 */
export function keepHouse(orm: MikroORM, days: number, logger: Logger): () => Promise<void> {
  let working = Promise.resolve()
  const keep = async () => {
    try {
      const em = orm.em.fork()
      await endForgotten(em, new Date(Date.now() - forgotten))
      await forgetReads(em, new Date(Date.now() - readsKept))
      if (days === 0) return
      const erased = await eraseBefore(em, new Date(Date.now() - days * 24 * hour))
      // Also when nothing was erased now: an hour ago it may have been in the way of a reader.
      await sweep(em)
      if (erased.calls + erased.orders > 0) logger.info({ ...erased, days }, 'numbers and words were erased')
    } catch (error) {
      logger.error({ err: error }, 'old calls could not be ended and erased; it is tried again in an hour')
    }
  }
  const again = () => (working = working.then(keep))
  void again()
  const timer = setInterval(() => void again(), hour)
  return async () => {
    clearInterval(timer)
    await working
  }
}
