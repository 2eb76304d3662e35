import { LockMode } from '@mikro-orm/core'
import type { MikroORM } from '@mikro-orm/sql'
import type { Logger } from 'pino'
import { EventType } from '../events/event.entity.ts'
import type { EventLog } from '../events/log.ts'
import { MenuItem } from '../menu/menu-item.entity.ts'
import { Shop } from './shop.entity.ts'

const locked = { lockMode: LockMode.PESSIMISTIC_WRITE } as const

/** Puts back what was sold out, paused or delayed until a time that has come, and says so in the log. */
export async function liftExpired(orm: MikroORM, log: EventLog, now = new Date()): Promise<void> {
  const over = { $lte: now }
  const em = orm.em.fork()
  const items = await em.find(MenuItem, { soldOutUntil: over }, { fields: ['id'] })
  const shops = await em.find(
    Shop,
    { $or: [{ pausedUntil: over }, { delayedUntil: over }] },
    { fields: ['id'] },
  )
  for (const { id } of items) {
    await log.change(orm.em.fork(), async tx => {
      // Another process may have been faster, or somebody has said how long anew.
      const item = await tx.em.findOne(MenuItem, { id, soldOutUntil: over }, locked)
      if (!item) return
      item.available = true
      item.soldOutUntil = null
      await tx.append(item.shop.id, { type: EventType.MENU_CHANGED })
    })
  }
  for (const { id } of shops) {
    await log.change(orm.em.fork(), async tx => {
      const shop = await tx.em.findOneOrFail(Shop, id, locked)
      const pauseIsOver = shop.pausedUntil !== null && shop.pausedUntil <= now
      const delayIsOver = shop.delayedUntil !== null && shop.delayedUntil <= now
      if (!pauseIsOver && !delayIsOver) return
      if (pauseIsOver) shop.pause(false, null)
      if (delayIsOver) shop.delay(0, null)
      await tx.append(shop.id, { type: EventType.SHOP_CHANGED })
    })
  }
}

/** How often is looked whether something is over, in milliseconds. */
const lookEvery = 1_000

/**
 * Lifts what is over, now and as long as the api runs.
 * @returns stops it
 */
export function keepLifting(orm: MikroORM, log: EventLog, logger: Logger): () => Promise<void> {
  let working: Promise<void> | undefined
  const lift = () => {
    working ??= liftExpired(orm, log)
      .catch((error: unknown) => {
        logger.error(
          { err: error },
          'what was sold out or paused for a time was not put back; it is tried again',
        )
      })
      .finally(() => (working = undefined))
  }
  lift()
  const timer = setInterval(lift, lookEvery)
  return async () => {
    clearInterval(timer)
    await working
  }
}
