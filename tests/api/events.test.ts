import { once } from 'node:events'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { Event, EventType } from '../../api/events/event.entity.ts'
import type { LogEntry } from '../../api/events/log.ts'
import { shopOf } from '../../api/shops/shop-of.ts'
import { startApi, type TestApi } from '../support/api.ts'
import { listen as listenTo, type Listen, type Listener, type StreamEvent } from '../support/listener.ts'
import { move, placeOrder } from '../support/orders.ts'
import { phoneCall } from '../support/phone-call.ts'

let api: TestApi
let key: string
let staff: string
const listeners: Listener[] = []
beforeAll(async () => {
  api = await startApi({ log: { heartbeat: 100, buffer: 20 } })
  key = await api.key('orders:read', 'orders:write')
  staff = await api.signIn()
})
afterEach(async () => {
  for (const listener of listeners.splice(0)) await listener.stop()
})
afterAll(() => api.close())

function listen(options: Listen): Listener {
  const listener = listenTo(api, options)
  listeners.push(listener)
  return listener
}

interface Board {
  cursor: string
  shop: { name: string }
  orders: { number: string; status: string; createdAt: string }[]
}

const board = async (): Promise<Board> =>
  (await api.ask<{ board: Board }>('{ board { cursor shop { name } orders { number status createdAt } } }'))
    .data.board

/** Orders also change when their text is stored, at a time of its own. */
async function nextOf(listener: Listener, type: string): Promise<StreamEvent> {
  for (;;) {
    const event = await listener.next()
    if (event.type === type) return event
  }
}

test('the board shows what is being prepared, oldest first, and nothing else', async () => {
  const orders = []
  for (let i = 0; i < 4; i += 1) orders.push(await placeOrder(api, key))
  await move(api, staff, 'startOrder', orders[1]!.id)
  await move(api, staff, 'markOrderReady', orders[2]!.id)
  await move(api, staff, 'cancelOrder', orders[3]!.id)
  expect(await board()).toMatchObject({
    shop: { name: 'BobaRista' },
    orders: [
      { number: orders[0]!.number, status: 'RECEIVED', createdAt: orders[0]!.createdAt },
      { number: orders[1]!.number, status: 'PREPARING' },
    ],
  })
})

test('the board has no names and no phone numbers to ask for', async () => {
  for (const field of ['phone', 'name', 'items { flavor }', 'id']) {
    const { errors } = await api.ask(`{ board { orders { ${field} } } }`)
    expect(errors![0]!.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED')
  }
})

test('what happens after the snapshot comes, then what happens next', async () => {
  const { cursor } = await board()
  const before = await placeOrder(api, key)
  const listener = listen({ field: 'boardEvents', after: cursor })
  expect(await nextOf(listener, 'ORDER_CREATED')).toMatchObject({
    order: { number: before.number, status: 'RECEIVED' },
  })
  const live = await placeOrder(api, key)
  expect(await nextOf(listener, 'ORDER_CREATED')).toMatchObject({ order: { number: live.number } })
  await move(api, staff, 'markOrderReady', live.id)
  expect(await nextOf(listener, 'ORDER_STATUS_CHANGED')).toMatchObject({
    order: { number: live.number, status: 'READY' },
  })
})

test('a phoned order comes as it is placed, and again when drinks are added', async () => {
  const listener = listen({ field: 'orderEvents', key, order: 'number total { amount } items { flavor }' })
  await listener.beat()
  const call = await phoneCall(api, await api.key('calls:write'))
  await call.run('addToCart', { drink: { flavor: 'taro' } })
  const { orderNumber } = await call.run('checkoutOrder', { phone: '555-123-4567' })
  expect(await nextOf(listener, 'ORDER_CREATED')).toMatchObject({
    order: { number: orderNumber, items: [{ flavor: 'taro milk tea' }] },
  })
  await call.run('addToCart', { drink: { flavor: 'black' } })
  await call.run('checkoutOrder')
  let update = await nextOf(listener, 'ORDER_UPDATED')
  while ((update.order!.items as object[]).length < 2) update = await nextOf(listener, 'ORDER_UPDATED')
  expect(update.order).toMatchObject({ number: orderNumber, total: { amount: '11.00' } })
})

test('menu and shop changes are told too', async () => {
  const listener = listen({ field: 'boardEvents' })
  await listener.beat()
  const { data } = await api.ask<{ menu: { items: { id: string }[] } }>('{ menu { items { id } } }')
  const item = data.menu.items[0]!.id
  for (const available of [false, true]) {
    await api.ask(
      `mutation ($item: ID!, $available: Boolean!) {
        setAvailability(item: $item, available: $available) { ... on MenuItem { available requires { name } } }
      }`,
      { item, available },
      staff,
    )
    expect(await nextOf(listener, 'MENU_CHANGED')).toMatchObject({ order: null })
  }
  for (const paused of [true, false]) {
    await api.ask('mutation ($paused: Boolean!) { pauseOrdering(paused: $paused) { id } }', { paused }, staff)
    await nextOf(listener, 'SHOP_CHANGED')
  }
})

test('a quiet stream beats, at the cursor it has come to', async () => {
  const listener = listen({ field: 'boardEvents' })
  await listener.beat()
  const { cursor } = await listener.beat()
  expect(Number(cursor)).toBeLessThanOrEqual(Number((await board()).cursor))
})

test('one who reconnects at their cursor has seen each event once, in order', async () => {
  const { cursor } = await board()
  const seen: number[] = []
  let after = cursor
  const placing = (async () => {
    for (let i = 0; i < 15; i += 1) await placeOrder(api, key)
  })()
  const last = async () => Number((await board()).cursor)
  let placed = false
  void placing.then(() => (placed = true))
  for (let done = false; !done;) {
    const listener = listenTo(api, { field: 'boardEvents', after })
    for (let i = 0; i < 4; i += 1) {
      const event = await listener.next()
      seen.push(Number(event.cursor))
      after = event.cursor
      done = placed && Number(after) >= (await last())
      if (done) break
    }
    await listener.stop()
  }
  await placing
  expect(seen).toEqual(Array.from(seen, (_, i) => Number(cursor) + 1 + i))
  expect(seen.length).toBeGreaterThanOrEqual(15)
})

describe('a cursor that the log does not know', () => {
  test('because it is too old says so', async () => {
    const { cursor } = await board()
    await placeOrder(api, key)
    await placeOrder(api, key)
    const em = api.orm.em.fork()
    await em.nativeDelete(Event, { shop: (await shopOf(em)).id, seq: { $lte: Number(cursor) + 1 } })
    const listener = listen({ field: 'boardEvents', after: String(Math.max(0, Number(cursor) - 50)) })
    expect((await listener.next()).type).toBe('GAP')
    expect(await listener.ended).toBeUndefined()
  })

  test('because it was never given says so', async () => {
    const listener = listen({ field: 'boardEvents', after: '999999999' })
    expect((await listener.next()).type).toBe('GAP')
  })

  test.each(['abc', '-1', '1.5', '9'.repeat(20)])('because it is "%s" is refused', async after => {
    const listener = listen({ field: 'boardEvents', after })
    expect(await listener.ended).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }])
  })
})

test('one who is too slow is told, and loses nothing', async () => {
  const em = api.orm.em.fork()
  const shop = (await shopOf(em)).id
  const stream = api.log.listen(shop)
  const first = stream.next()
  await api.log.change(api.orm.em.fork(), tx => tx.append(shop, { type: EventType.MENU_CHANGED }))
  const { seq } = (await first).value as LogEntry
  for (let i = 0; i < 30; i += 1) {
    await api.log.change(api.orm.em.fork(), tx => tx.append(shop, { type: EventType.MENU_CHANGED }))
  }
  // A second listener sees the end of the log, so all of it has been read.
  const other = api.log.listen(shop, seq)
  for (let i = 0; i < 30; i += 1) await other.next()
  const lagged = (async () => {
    for (;;) await stream.next()
  })()
  await expect(lagged).rejects.toMatchObject({ extensions: { code: 'SUBSCRIPTION_LAGGED' } })
  const resumed = api.log.listen(shop, seq)
  for (let i = 1; i <= 30; i += 1) expect(((await resumed.next()).value as LogEntry).seq).toBe(seq + i)
  await Promise.all([other.return(), resumed.return()])
})

describe('who may listen', () => {
  test('orderEvents needs orders:read', async () => {
    expect(await listen({ field: 'orderEvents' }).ended).toMatchObject([
      { extensions: { code: 'UNAUTHENTICATED' } },
    ])
    expect(await listen({ field: 'orderEvents', key: await api.key('menu:read') }).ended).toMatchObject([
      { extensions: { code: 'FORBIDDEN' } },
    ])
  })

  test('a wrong key is shown the door', async () => {
    expect(await listen({ field: 'boardEvents', key: 'boba_wrong' }).ended).toMatchObject({ code: 4403 })
  })

  test.each([
    ['Authorization', 'by the name of the header', 'acknowledged'],
    ['authorization', 'in small letters', 'acknowledged'],
    ['authorization', 123, 4403],
    ['AUTHORIZATION', 'Basic abc', 4403],
  ])('a key is told as %s: %s → %s', async (name, value, outcome) => {
    const socket = new WebSocket(`${api.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
    await once(socket, 'open')
    const given = outcome === 'acknowledged' ? `Bearer ${key}` : value
    socket.send(JSON.stringify({ type: 'connection_init', payload: { [name]: given } }))
    const told = await Promise.race([
      once(socket, 'message').then(() => 'acknowledged'),
      once(socket, 'close').then(([code]) => code as number),
    ])
    expect(told).toBe(outcome)
    if (outcome === 'acknowledged') {
      const query = 'subscription { orderEvents { type } }'
      socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }))
      const [data] = await once(socket, 'message')
      expect(JSON.parse(String(data))).toMatchObject({ type: 'next' })
    }
    socket.terminate()
  })

  test('phone numbers come only with orders:pii', async () => {
    const order = 'number phone name'
    const reader = listen({ field: 'orderEvents', key, order })
    const friend = listen({ field: 'orderEvents', key: await api.key('orders:read', 'orders:pii'), order })
    await Promise.all([reader.beat(), friend.beat()])
    await placeOrder(api, key)
    expect((await nextOf(reader, 'ORDER_CREATED')).order).toMatchObject({ phone: null, name: null })
    expect((await nextOf(friend, 'ORDER_CREATED')).order).toMatchObject({ phone: '+15551234567' })
  })

  test('the console listens by its cookie, from its own pages only', async () => {
    const own = { Cookie: staff, Origin: new URL(api.url).origin }
    await listen({ field: 'orderEvents', headers: own }).beat()
    const elsewhere = listen({ field: 'orderEvents', headers: { ...own, Origin: 'https://evil.example' } })
    expect(await elsewhere.ended).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }])
  })
})

test('a stream that cannot read the log does not claim to be fresh', async () => {
  let broken = false
  let reads = 0
  const blind = await startApi({
    log: { heartbeat: 10, poll: 10 },
    onQuery: sql => {
      if (!broken || !/from ["`]event["`]/.test(sql)) return
      reads += 1
      throw new Error('the database is away')
    },
  })
  const listener = listenTo(blind, { field: 'boardEvents' })
  try {
    await listener.beat()
    broken = true
    await expect.poll(() => reads).toBeGreaterThan(0)
    let beats = 0
    let counting = true
    const count = (async () => {
      // What was under way before the first failure still arrives.
      while (counting) {
        await listener.beat()
        beats += 1
      }
    })()
    await expect.poll(() => reads).toBeGreaterThan(10)
    const before = beats
    await expect.poll(() => reads).toBeGreaterThan(30)
    expect(beats).toBe(before)
    counting = false
    broken = false
    await count
  } finally {
    await listener.stop()
    await blind.close()
  }
})
