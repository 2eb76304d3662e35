import { LockMode } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/sql'
import { parsePhoneNumberFromString } from 'libphonenumber-js'
import { Call } from '../calls/call.entity.ts'
import { FunctionCall } from '../calls/function-call.entity.ts'
import { digitsOf } from '../calls/phone.ts'
import { EventType } from '../events/event.entity.ts'
import type { EventLog } from '../events/log.ts'
import { Order } from '../orders/order.entity.ts'
import { openStatuses } from '../orders/order-status.ts'
import { Sms } from '../sms/sms.entity.ts'
import { eraseCalls, eraseOrders, eraseTexts } from './erase.ts'

/** Ids of all that is kept of a phone number. */
export interface Traces {
  orders: string[]
  calls: string[]
  texts: string[]
  /** How many of the orders are not yet picked up or cancelled. */
  open: number
  /** How many of the calls go on. */
  live: number
}

/** Rows that are read or erased at once, so that nobody else waits long. */
const batch = 200

/** Shorter ones stand in many words by chance. */
const shortest = 7

/**
 * All that is kept of a number: its orders and texts, the calls from it or in which it was given, what was ordered on
 * calls from it, and calls in whose words or agent functions it occurs.
 * @param phone E.164
 */
export async function tracesOf(em: EntityManager, phone: string): Promise<Traces> {
  const ids = { fields: ['id'], disableIdentityMap: true } as const
  const own = await em.find(Order, { phone }, { fields: ['id', 'call'], disableIdentityMap: true })
  const orders = new Set(own.map(({ id }) => id))
  const calls = new Set<string>()
  const texts = new Set<string>()
  let [open, live] = [0, 0]
  const onLine = { erasedAt: null, $or: [{ from: phone }, { phone }] }
  for (const { id } of await em.find(Call, onLine, ids)) calls.add(id)
  for (const some of batchesOf(calls)) {
    for (const { id } of await em.find(Order, { call: { $in: some }, phone: { $ne: null } }, ids)) {
      orders.add(id)
    }
  }
  for (const some of batchesOf(own.flatMap(({ call }) => (call ? [call.id] : [])))) {
    for (const { id } of await em.find(Call, { id: { $in: some }, erasedAt: null }, ids)) calls.add(id)
  }
  for (const id of await callsThatMention(em, phone)) calls.add(id)
  for (const { id } of await em.find(Sms, { to: phone }, ids)) texts.add(id)
  for (const some of batchesOf(orders)) {
    for (const { id } of await em.find(Sms, { order: { $in: some }, to: { $ne: null } }, ids)) texts.add(id)
    open += await em.count(Order, { id: { $in: some }, status: { $in: openStatuses } })
  }
  for (const some of batchesOf(calls)) live += await em.count(Call, { id: { $in: some }, endedAt: null })
  return { orders: [...orders], calls: [...calls], texts: [...texts], open, live }
}

/** A number that was corrected, or asked about, stands in no column, but in what was said and in what was called. */
async function* pagesOfCalls(em: EntityManager): AsyncGenerator<Call[]> {
  for (let after = ''; ;) {
    const page = await em.find(
      Call,
      { erasedAt: null, id: { $gt: after } },
      {
        fields: ['id', 'transcript', 'transferReason'],
        orderBy: { id: 'asc' },
        limit: batch,
        disableIdentityMap: true,
      },
    )
    if (page.length === 0) return
    yield page as Call[]
    after = page.at(-1)!.id
  }
}

async function callsThatMention(em: EntityManager, phone: string): Promise<string[]> {
  const national = parsePhoneNumberFromString(phone)?.nationalNumber ?? ''
  if (national.length < shortest) return []
  const mentions = (said: string) => digitsOf(said).replace(/\D/g, '').includes(national)
  const found: string[] = []
  for await (const calls of pagesOfCalls(em)) {
    const ids = calls.map(({ id }) => id)
    const functions = await em.find(FunctionCall, { call: { $in: ids } }, { disableIdentityMap: true })
    const told = new Set(
      functions
        .filter(each => mentions(JSON.stringify(each.arguments)) || mentions(JSON.stringify(each.answer)))
        .map(({ call }) => call),
    )
    for (const { id, transcript, transferReason } of calls) {
      const said = [...transcript.map(({ text }) => text), transferReason ?? ''].join(' ')
      if (told.has(id) || mentions(said)) found.push(id)
    }
  }
  return found
}

/** Erases what was found, by the rules of what has become too old. Staff see at once that open orders have lost it. */
export async function eraseTraces(em: EntityManager, log: EventLog, traces: Traces): Promise<void> {
  for (const ids of batchesOf(traces.calls)) await em.transactional(tx => eraseCalls(tx, ids))
  for (const ids of batchesOf(traces.orders)) {
    await log.change(em.fork(), async tx => {
      const orders = await tx.em.find(
        Order,
        { id: { $in: ids } },
        { lockMode: LockMode.PESSIMISTIC_WRITE, orderBy: { id: 'asc' } },
      )
      await eraseOrders(tx.em, ids)
      for (const order of orders.filter(({ status }) => openStatuses.includes(status))) {
        await tx.append(order.shop.id, { type: EventType.ORDER_UPDATED, order: order.id, data: order.public })
      }
    })
  }
  // Last: from now on nobody writes down another text for an order that has no number.
  for (const ids of batchesOf(traces.texts)) await em.transactional(tx => eraseTexts(tx, ids))
}

function* batchesOf(ids: Iterable<string>): Generator<string[]> {
  const all = [...ids]
  for (let at = 0; at < all.length; at += batch) yield all.slice(at, at + batch)
}
