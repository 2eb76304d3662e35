import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startApi, type TestApi } from '../support/api.ts'
import { listen } from '../support/listener.ts'
import { move, placeOrder } from '../support/orders.ts'

let api: TestApi
let staff: string
let key: string
beforeEach(async () => {
  api = await startApi({ log: { heartbeat: 200 } })
  staff = await api.signIn()
  key = await api.key('orders:read', 'orders:write')
})
afterEach(() => api.close())

const wait = async () =>
  (await api.ask<{ board: { shop: { waitMinutes: number } } }>('{ board { shop { waitMinutes } } }')).data
    .board.shop.waitMinutes

const drinks = (count: number) => Array.from({ length: count }, () => ({ flavor: 'taro' }))

/** Somebody does something so many minutes ago. */
async function ago<T>(minutes: number, work: () => Promise<T>): Promise<T> {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - minutes * 60_000 })
  try {
    return await work()
  } finally {
    vi.useRealTimers()
  }
}

test('a new shop reckons a minute for each drink before yours and for yours', async () => {
  expect(await wait()).toBe(2)
  await placeOrder(api, key, drinks(6))
  expect(await wait()).toBe(7)
  const { id } = await placeOrder(api, key, drinks(3))
  expect(await wait()).toBe(10)
  await move(api, staff, 'markOrderReady', id)
  expect(await wait()).toBe(7)
})

test('a cup that is made is waited for no more', async () => {
  const { id } = await placeOrder(api, key, drinks(5))
  const { data } = await api.ask<{ order: { items: { id: string }[] } }>(
    'query ($id: ID!) { order(id: $id) { items { id } } }',
    { id },
    staff,
  )
  for (const cup of data.order.items.slice(0, 3)) {
    await api.ask(
      'mutation ($cup: ID!) { setCupDone(input: { cup: $cup, done: true }) { __typename } }',
      { cup: cup.id },
      staff,
    )
  }
  expect(await wait()).toBe(3)
})

test('the pace is that of the last hour, and a quiet hour is not a slow one', async () => {
  // Each of two drinks in four minutes: two minutes a drink, however long nobody came in between.
  for (const minutes of [50, 30, 12]) {
    const { id } = await ago(minutes, () => placeOrder(api, key, drinks(2)))
    await ago(minutes - 4, () => move(api, staff, 'markOrderReady', id))
  }
  expect(await wait()).toBe(2)
  await placeOrder(api, key, drinks(4))
  expect(await wait()).toBe(10)
})

test('orders that waited for each other are not reckoned as slow', async () => {
  // Five at once, one drink each, one ready every two minutes: the last one took ten.
  const placed = []
  for (let nth = 0; nth < 5; nth += 1) placed.push(await ago(20, () => placeOrder(api, key)))
  for (const [nth, { id }] of placed.entries()) {
    await ago(18 - 2 * nth, () => move(api, staff, 'markOrderReady', id))
  }
  await placeOrder(api, key, drinks(4))
  expect(await wait()).toBe(10)
})

test('boards are told with each event, and all of them by one look at the database', async () => {
  const listeners = Array.from({ length: 20 }, () =>
    listen(api, { field: 'boardEvents', order: 'number } waitMinutes shop: cursor x: order { number' }),
  )
  await Promise.all(listeners.map(listener => listener.beat()))
  await placeOrder(api, key, drinks(7))
  const events = await Promise.all(listeners.map(listener => listener.next()))
  for (const event of events) expect(event).toMatchObject({ type: 'ORDER_CREATED', waitMinutes: 8 })
  await Promise.all(listeners.map(listener => listener.stop()))
})

test('the board knows who is called, when, and for how long', async () => {
  const read = async () =>
    (
      await api.ask<{
        board: { orders: { number: string }[]; ready: { number: string; readyAt: string }[] }
      }>('{ board { orders { number readyAt } ready { number status readyAt } } }')
    ).data.board
  const [first, second, old] = [
    await placeOrder(api, key),
    await placeOrder(api, key),
    await ago(200, () => placeOrder(api, key)),
  ]
  await ago(150, () => move(api, staff, 'markOrderReady', old.id))
  await move(api, staff, 'markOrderReady', second.id)
  expect(await read()).toMatchObject({
    orders: [{ number: first.number, readyAt: null }],
    ready: [{ number: second.number, status: 'READY', readyAt: expect.any(String) }],
  })
  await move(api, staff, 'markOrderReady', first.id)
  expect((await read()).ready.map(({ number }) => number)).toEqual([second.number, first.number])
  await move(api, staff, 'recallOrder', second.id)
  await move(api, staff, 'completeOrder', first.id)
  expect(await read()).toEqual({ orders: [{ number: second.number, readyAt: null }], ready: [] })
})

test('a board that listens hears when a guest is called, after the hold', async () => {
  await api.close()
  api = await startApi({ log: { heartbeat: 200 }, env: { READY_HOLD_SECONDS: '7' } })
  staff = await api.signIn()
  const listener = listen(api, { field: 'boardEvents', order: 'number status readyAt' })
  await listener.beat()
  const { id } = await placeOrder(api, staff)
  expect((await listener.until('ORDER_CREATED')).order).toMatchObject({ status: 'RECEIVED', readyAt: null })
  const pressed = Date.now()
  await move(api, staff, 'markOrderReady', id)
  const told = (await listener.until('ORDER_STATUS_CHANGED')).order as { readyAt: string }
  expect(Date.parse(told.readyAt) - pressed).toBeGreaterThanOrEqual(7_000)
  await listener.stop()
})
