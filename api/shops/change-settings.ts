import { LockMode, UniqueConstraintViolationException } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/sql'
import { StartError } from '../../env.ts'
import { Call } from '../calls/call.entity.ts'
import { draftMinutes } from '../calls/outcome.ts'
import { EventType } from '../events/event.entity.ts'
import type { EventLog } from '../events/log.ts'
import { MenuItem } from '../menu/menu-item.entity.ts'
import { minorUnits, money } from '../money.ts'
import { Order } from '../orders/order.entity.ts'
import { faultsOf, type ShopSettings, shopSettings } from './settings.ts'
import { Shop } from './shop.entity.ts'

/** The settings of a shop as a menu file has them. */
export function settingsOf(shop: Shop): ShopSettings {
  const { name, phone, region, currency, timezone, warnAfterMinutes, lateAfterMinutes } = shop
  return { name, phone, region, currency, timezone, warnAfterMinutes, lateAfterMinutes }
}

/**
 * Changes settings of a shop; what is not given stays. Running processes and live calls hear of it.
 * @returns the names of those that are another now
 * @throws StartError with what is wrong, when nothing was changed
 */
export async function changeSettings(
  em: EntityManager,
  log: EventLog,
  shopId: string,
  given: Record<string, unknown>,
): Promise<string[]> {
  try {
    return await log.change(em, async tx => {
      const locked = { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true } as const
      const shop = await tx.em.findOneOrFail(Shop, shopId, locked)
      const before = settingsOf(shop)
      const checked = shopSettings.safeParse({ ...before, ...given })
      if (!checked.success) throw new StartError(`Nothing was changed. ${faultsOf(checked.error)}.`)
      const after = checked.data
      const changed = (Object.keys(after) as (keyof ShopSettings)[]).filter(
        name => after[name] !== before[name],
      )
      if (changed.length === 0) return []
      if (changed.includes('currency')) {
        await changeCurrency(tx.em, shop, after.currency)
        await tx.append(shop.id, { type: EventType.MENU_CHANGED })
      }
      tx.em.assign(shop, after)
      await tx.append(shop.id, { type: EventType.SHOP_CHANGED })
      return changed
    })
  } catch (error) {
    if (!(error instanceof UniqueConstraintViolationException)) throw error
    throw new StartError('Nothing was changed. Another shop has this phone number.', { cause: error })
  }
}

/**
 * Prices keep their numbers: 5.50 USD becomes 5.50 EUR.
 * @throws StartError when something was sold, somebody may be choosing, or a price cannot be written in the currency
 */
async function changeCurrency(em: EntityManager, shop: Shop, currency: string): Promise<void> {
  if ((await em.count(Order, { shop })) > 0) {
    throw new StartError(
      `Nothing was changed. Orders were sold in ${shop.currency}, so the currency stays. Start with an empty database for another one.`,
    )
  }
  const since = new Date(Date.now() - draftMinutes * 60_000)
  if ((await em.count(Call, { shop, $or: [{ endedAt: null }, { endedAt: { $gte: since } }] })) > 0) {
    throw new StartError(
      `Nothing was changed. Somebody is on the line or was in the last ${draftMinutes} minutes, and knows the prices in ${shop.currency}. Try again later.`,
    )
  }
  for (const item of await em.find(MenuItem, { shop })) {
    const { amount } = money(item.priceMinor, shop.currency)
    try {
      // A currency without cents takes 600.00 as 600.
      item.priceMinor = minorUnits(Number(amount) % 1 === 0 ? amount.split('.')[0]! : amount, currency)
    } catch {
      throw new StartError(
        `Nothing was changed. The price of "${item.name}", ${amount}, cannot be written in ${currency}. Import a menu with other prices first.`,
      )
    }
  }
}
