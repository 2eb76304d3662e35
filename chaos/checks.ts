import { isDeepStrictEqual } from 'node:util'
import Database from 'better-sqlite3'
import { Broken } from './broken.ts'
import type { ScriptedCall } from './call.ts'
import type { Integrator } from './integrator.ts'
import type { Drink, State } from './script.ts'
import type { Shop } from './shop.ts'
import { refusesTexts, stopped, type Twilio } from './twilio.ts'

const drinkFields = 'flavor toppings addOns sweetness ice'
const orderFields = `id number status phone items { ${drinkFields} } texts { kind status body errorCode }`

export interface Order {
  id: string
  number: string
  status: string
  phone: string
  items: Drink[]
  texts: { kind: string; status: string; body: string; errorCode: number | null }[]
}

/** Every order that was placed since a time. */
export async function ordersSince(shop: Shop, since: Date): Promise<Order[]> {
  const { orders } = await shop.ask<{ orders: { nodes: Order[] } }>(
    `query ($since: DateTime!) { orders(first: 50, filter: { createdAfter: $since }) { nodes { ${orderFields} } } }`,
    { since: since.toISOString() },
  )
  return orders.nodes
}

/**
 * Each call stands as it was answered, or as it would if what got no answer was done: no drink is missing, twice or too
 * many, nobody has an order who did not ask for one, and the number is the one the caller heard.
 * @returns the orders of the calls
 */
export async function checkCalls(shop: Shop, calls: ScriptedCall[]): Promise<Order[]> {
  const orders = await Promise.all(calls.map(call => checkCall(shop, call)))
  return orders.filter(order => order !== null)
}

async function checkCall(shop: Shop, call: ScriptedCall): Promise<Order | null> {
  const { state, maybe, callSid, orderNumber, phone } = call
  const found = await shop.ask<{ call: { cart: Drink[]; pendingItem: Drink | null; order: Order | null } }>(
    `query ($id: ID!) { call(id: $id) { cart { ${drinkFields} } pendingItem { ${drinkFields} } order { ${orderFields} } } }`,
    { id: callSid },
  )
  const { cart, pendingItem, order } = found.call
  const stands: State = { staged: pendingItem, cart, ordered: order?.items ?? null }
  const allowed = maybe ? [state, maybe] : [state]
  if (!allowed.some(each => isDeepStrictEqual(plain(each), plain(stands)))) {
    throw new Broken(`call ${callSid} is ${JSON.stringify(stands)}, answered was ${JSON.stringify(allowed)}`)
  }
  if (orderNumber !== undefined && order?.number !== orderNumber) {
    throw new Broken(`call ${callSid} heard number ${orderNumber}, its order has ${order?.number}`)
  }
  if (order && order.phone !== phone) throw new Broken(`order ${order.number} has lost its phone number`)
  return order
}

/** There is nothing but what callers and programs have ordered, and each of that once. */
export function checkOrders(orders: Order[], phoned: Order[], integrators: Integrator[]): void {
  const wanted = [...phoned.map(({ id }) => id), ...integrators.map(({ order }) => order.id)]
  if (!isDeepStrictEqual(orders.map(({ id }) => id).sort(), wanted.sort())) {
    throw new Broken(`there are ${orders.length} orders, asked for were ${wanted.length}`)
  }
  for (const { order, drinks, phone } of integrators) {
    const stands = orders.find(({ id }) => id === order.id)!
    if (
      stands.number !== order.number ||
      stands.phone !== phone ||
      !isDeepStrictEqual(stands.items.map(sorted), drinks.map(sorted))
    ) {
      throw new Broken(`order ${order.number} is not what was placed: ${JSON.stringify(stands)}`)
    }
  }
}

/**
 * Each text was taken once, or never and says why; what Twilio has told of it is known.
 * @returns how many were taken
 */
export function checkTexts(twilio: Twilio, orders: Order[], ready: Set<string>): number {
  let taken = 0
  for (const { id, number, phone, texts } of orders) {
    const kinds = texts.map(({ kind }) => kind).sort()
    const wanted = ready.has(id) ? ['ORDER_READY', 'ORDER_RECEIVED'] : ['ORDER_RECEIVED']
    if (!isDeepStrictEqual(kinds, wanted))
      throw new Broken(`order ${number} has the texts ${kinds.join(', ')}`)
    const times = refusesTexts(phone) ? 0 : 1
    for (const { kind, status, body, errorCode } of texts) {
      const said = `the text ${kind} of order ${number}, ${status} ${errorCode ?? ''},`
      if (twilio.taken(phone, body) !== times) {
        throw new Broken(`${said} was taken ${twilio.taken(phone, body)} times`)
      }
      const { certain, possible } = twilio.told(phone, body)
      const statuses = certain ? [certain] : ['SENT', ...(possible ? [possible] : [])]
      const right = times === 0 ? status === 'FAILED' && errorCode === stopped : statuses.includes(status)
      if (!right || !body.includes(number))
        throw new Broken(`${said} has a wrong status or wrong words: ${body}`)
    }
    taken += times * texts.length
  }
  return taken
}

/** Both subscribers have heard of everything once and in order, and each order was created and made ready once. */
export async function checkLog(shop: Shop, orders: Order[], ready: Set<string>): Promise<void> {
  const { board } = await shop.ask<{ board: { cursor: string } }>('{ board { cursor } }')
  const [heard] = await Promise.all([
    shop.subscribers.orders.upTo(Number(board.cursor)),
    shop.subscribers.board.upTo(Number(board.cursor)),
  ])
  for (const { id, number } of orders) {
    const times = (type: string) =>
      heard.filter(event => event.type === type && event.order?.id === id).length
    if (times('ORDER_CREATED') !== 1 || times('ORDER_STATUS_CHANGED') !== (ready.has(id) ? 1 : 0)) {
      throw new Broken(
        `order ${number} was created or made ready another number of times than once in the log`,
      )
    }
  }
}

/** A file that was written to by processes that died is whole. PostgreSQL looks after itself. */
export function checkDatabase(url: string): void {
  if (!url.startsWith('sqlite:')) return
  const database = new Database(url.slice('sqlite:'.length), { readonly: true })
  const found = database.pragma('integrity_check', { simple: true })
  database.close()
  if (found !== 'ok') throw new Broken(`the database is damaged: ${String(found)}`)
}

/** Which toppings come first is no matter. */
const sorted = ({ flavor, toppings, addOns, sweetness, ice }: Drink) => ({
  flavor,
  toppings: toppings.toSorted(),
  addOns: addOns.toSorted(),
  sweetness,
  ice,
})

const plain = ({ staged, cart, ordered }: State) => ({
  staged: staged && sorted(staged),
  cart: cart.map(sorted),
  ordered: ordered && ordered.map(sorted),
})
