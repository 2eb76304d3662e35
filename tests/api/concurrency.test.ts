import { randomInt } from 'node:crypto'
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'
import { type Event, EventType } from '../../api/events/event.entity.ts'
import { OrderItem } from '../../api/orders/order-item.entity.ts'
import { Order } from '../../api/orders/order.entity.ts'
import { nextStatus, openStatuses, OrderStatus } from '../../api/orders/order-status.ts'
import { shopOf } from '../../api/shops/shop-of.ts'
import { Sms, SmsKind } from '../../api/sms/sms.entity.ts'
import { startApi, type TestApi } from '../support/api.ts'
import { type Move, move, type Moved, placeOrder } from '../support/orders.ts'
import { newId, phoneCall } from '../support/phone-call.ts'
import { Random } from '../support/random.ts'

let api: TestApi
beforeAll(async () => {
  api = await startApi({ server: { time: 60_000 } })
})
afterAll(() => api.close())

const flavors = ['taro milk tea', 'black milk tea']
const toppings = ['boba', 'egg pudding', 'crystal agar boba', 'vanilla cream']

interface Drink {
  flavor: string
  toppings: string[]
}

const drinkOf = (random: Random): Drink => ({
  flavor: random.pick(flavors),
  toppings: toppings.filter(() => random.chance(40)),
})

/** A whole call, with two drinks and an answer that got lost on its way. → its order's number */
async function order(key: string, id: string, [first, second]: [Drink, Drink]): Promise<string> {
  const call = await phoneCall(api, key, { id })
  expect(await call.run('addToCart', { drink: first })).toMatchObject({ ok: true })
  expect(await call.run('confirmPendingToCart')).toMatchObject({ ok: true, cartCount: 1 })
  expect(await call.run('addToCart', { drink: second })).toMatchObject({ ok: true })
  const request = newId('call_')
  const phone = { phone: '555-123-4567' }
  const answers = await Promise.all([1, 2].map(() => call.run('checkoutOrder', phone, request)))
  expect(answers[0]).toMatchObject({ ok: true, items: [first, second] })
  expect(answers[1]).toEqual(answers[0])
  return answers[0]!.orderNumber
}

const target: Record<string, OrderStatus> = {
  startOrder: OrderStatus.PREPARING,
  markOrderReady: OrderStatus.READY,
}

test(
  'two hundred calls and five people at the console leave a shop in order',
  { timeout: 120_000 },
  async () => {
    const seed = Number(process.env.SEED) || randomInt(2 ** 31)
    onTestFailed(() => console.error(`SEED=${seed}`))
    const random = new Random(seed)
    const [calls, orders] = [await api.key('calls:write'), await api.key('orders:read', 'orders:write')]
    const staff = await Promise.all(Array.from({ length: 5 }, () => api.signIn()))
    const contested: string[] = []
    for (let i = 0; i < 5; i += 1) contested.push((await placeOrder(api, orders)).id)

    const wanted = new Map<string, [Drink, Drink]>()
    for (let i = 0; i < 200; i += 1) wanted.set(newId('CA'), [drinkOf(random), drinkOf(random)])
    const presses = Array.from({ length: 50 }, (_, i) => ({
      as: staff[i % staff.length]!,
      name: random.pick<Move>(['startOrder', 'markOrderReady']),
      id: random.pick(contested),
    }))
    const [numbers, moved] = await Promise.all([
      Promise.all([...wanted].map(([id, drinks]) => order(calls, id, drinks))),
      Promise.all(
        presses.map(async press => ({ ...press, ...(await move(api, press.as, press.name, press.id)) })),
      ),
    ])

    const em = api.orm.em.fork()
    const rows = await em.find(Order, { call: { $ne: null } }, { populate: ['items'] })
    expect(rows.map(({ number }) => number).sort()).toEqual([...numbers].sort())
    const ordered = new Map(rows.map(({ call, items }) => [call!.id, items.getItems().map(drinkIn)]))
    expect(ordered).toEqual(wanted)
    const open = await em.find(Order, { status: { $in: openStatuses } })
    expect(new Set(open.map(({ number }) => number)).size).toBe(205)

    // One text of each order, another one of each that is ready. One that was recalled before anybody looked has none.
    const wasReady = moved.filter(({ status }) => status === OrderStatus.READY).map(({ id }) => id)
    const isReady = open.filter(({ status }) => status === OrderStatus.READY).map(({ id }) => id)
    const textsOf = async (kind: SmsKind) =>
      (await em.fork().find(Sms, { kind })).map(sms => sms.order.id).sort()
    const received = open.map(({ id }) => id).sort()
    await expect.poll(() => textsOf(SmsKind.ORDER_RECEIVED), { timeout: 20_000 }).toEqual(received)
    await expect
      .poll(() => textsOf(SmsKind.ORDER_READY), { timeout: 20_000 })
      .toEqual(expect.arrayContaining(isReady))
    const told = await textsOf(SmsKind.ORDER_READY)
    expect(wasReady).toEqual(expect.arrayContaining(told))
    expect(told).toEqual([...new Set(told)])

    const shop = await shopOf(em)
    const events = await api.log.read(shop.id, 0, 10_000)
    expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: shop.eventSeq }, (_, i) => i + 1))
    for (const id of contested) {
      const moves = moved.filter(each => each.id === id)
      expectMoves(
        moves,
        events.filter(event => event.order === id),
      )
    }
  },
)

const drinkIn = ({ flavor, toppings }: OrderItem): Drink => ({ flavor, toppings })

/** Each move that was answered with the order is on the log once, and none besides; each is one that is allowed. */
function expectMoves(moved: (Moved & { name: Move })[], events: Event[]): void {
  let status = OrderStatus.RECEIVED
  const made = []
  for (const { type, data } of events) {
    if (type === EventType.ORDER_STATUS_CHANGED) {
      expect(nextStatus[status]).toContain(data!.status)
      status = data!.status
      made.push(status)
    }
    // Nothing tells of an order as it was before.
    expect(data!.status).toBe(status)
  }
  const won = moved.filter(each => each.__typename === 'Order').map(({ name }) => target[name])
  expect(won.sort()).toEqual(made.sort())
  expect(moved.filter(each => each.__typename === 'OrderMoveRefused')).toHaveLength(
    moved.length - made.length,
  )
}
