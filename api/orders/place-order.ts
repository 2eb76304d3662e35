import { randomInt } from 'node:crypto'
import { LockMode } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/sql'
import type { Call } from '../calls/call.entity.ts'
import type { Drink } from '../carts/drink.ts'
import { sumOf } from '../carts/mix-drink.ts'
import { refuse } from '../carts/refusal.ts'
import { EventType } from '../events/event.entity.ts'
import type { Transaction } from '../events/log.ts'
import { minorUnits } from '../money.ts'
import { Shop } from '../shops/shop.entity.ts'
import { Order, type OrderSource } from './order.entity.ts'
import { OrderItem } from './order-item.entity.ts'
import { openStatuses } from './order-status.ts'
import { waitMinutes } from './waits.ts'

/** Characters of a guest's name. */
export const longestName = 60

export interface NewOrder {
  shop: Shop
  drinks: Drink[]
  phone: string
  name?: string | null
  source: OrderSource
  call?: Call
  idempotency?: { placedBy: string; key: string; inputHash: string }
}

/**
 * Drinks become an order with a number, and the log says so.
 * @throws Refusal ORDERING_PAUSED, NO_NUMBER_LEFT
 */
export async function placeOrder(tx: Transaction, order: NewOrder): Promise<Order> {
  // The shop's row is locked first, so that two orders at the same moment take two numbers.
  const shop = await tx.em.findOneOrFail(Shop, order.shop.id, {
    lockMode: LockMode.PESSIMISTIC_WRITE,
    refresh: true,
  })
  refuseWhenPaused(shop)
  const promisedAt =
    shop.delayMinutes > 0 ? inMinutes(await waitMinutes(tx.em, shop, order.drinks.length)) : null
  const placed = tx.em.create(Order, {
    shop,
    number: await freeNumber(tx.em, shop),
    source: order.source,
    call: order.call ?? null,
    phone: order.phone,
    name: order.name ?? null,
    promisedAt,
    currency: shop.currency,
    totalMinor: 0,
    placedBy: order.idempotency?.placedBy ?? null,
    idempotencyKey: order.idempotency?.key ?? null,
    inputHash: order.idempotency?.inputHash ?? null,
  })
  addDrinks(tx.em, placed, order.drinks)
  await tx.append(shop.id, { type: EventType.ORDER_CREATED, order: placed.id, data: placed.public })
  return placed
}

export const inMinutes = (minutes: number): Date => new Date(Date.now() + minutes * 60_000)

/** @throws Refusal ORDERING_PAUSED */
export function refuseWhenPaused(shop: Shop): void {
  if (shop.orderingPaused) {
    refuse(
      'ORDERING_PAUSED',
      'The shop takes no new orders right now.',
      null,
      'Apologise and ask to try again later.',
    )
  }
}

/** Puts drinks at the end of an order, at the prices the guest was told. */
export function addDrinks(em: EntityManager, order: Order, drinks: readonly Drink[]): void {
  const start = order.items.length
  for (const [index, { flavor, toppings, addOns, sweetness, ice, price }] of drinks.entries()) {
    const item = em.create(OrderItem, {
      order,
      position: start + index,
      flavor,
      toppings,
      addOns,
      sweetness,
      ice,
      priceMinor: minorUnits(price.amount, price.currency),
    })
    order.items.add(item)
  }
  order.totalMinor += sumOf(drinks)
}

/**
 * Four digits that no open order of the shop has, drawn at random so that a guest cannot tell how many came before.
 * From 1000, since a number that starts with zero is misheard.
 */
async function freeNumber(em: EntityManager, shop: Shop): Promise<string> {
  const open = await em.find(
    Order,
    { shop, status: { $in: openStatuses } },
    { fields: ['number'], disableIdentityMap: true },
  )
  const taken = new Set(open.map(({ number }) => number))
  const free = 9_000 - taken.size
  if (free <= 0)
    refuse('NO_NUMBER_LEFT', 'The shop has no order number left.', null, 'Apologise and transfer to staff.')
  let skip = randomInt(free)
  for (let number = 1_000; ; number += 1) {
    if (!taken.has(String(number)) && skip-- === 0) return String(number)
  }
}
