import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startApi, type TestApi } from '../support/api.ts'
import { move, placeOrder } from '../support/orders.ts'

let api: TestApi
let staff: string
beforeAll(async () => {
  api = await startApi()
  staff = await api.signIn()
})
afterAll(() => api.close())

const find = (filter: object, as = staff) =>
  api.ask<{ orders: { nodes: { number: string }[] } }>(
    'query ($filter: OrderFilter) { orders(first: 20, filter: $filter) { nodes { number } } }',
    { filter },
    as,
  )
const numbers = async (filter: object) => (await find(filter)).data.orders.nodes.map(({ number }) => number)

test('orders are found by the last digits of the phone number', async () => {
  const place = async (phone: string) => {
    const { data } = await api.ask<{ placeOrder: { order: { number: string } } }>(
      `mutation ($key: String!, $phone: PhoneNumber!) {
        placeOrder(idempotencyKey: $key, input: { drinks: [{ flavor: "taro" }], phone: $phone }) {
          ... on PlacedOrder { order { number } }
        }
      }`,
      { key: phone, phone },
      staff,
    )
    return data.placeOrder.order.number
  }
  const [ada, bob] = [await place('+15557650001'), await place('+15557650011')]
  expect(await numbers({ phoneEndsWith: '0001' })).toEqual([ada])
  expect(await numbers({ phoneEndsWith: '11' })).toEqual([bob])
  expect(await numbers({ phoneEndsWith: '1' + '5557650011' })).toEqual([bob])
  expect(await numbers({ phoneEndsWith: '0001', number: bob })).toEqual([])
  expect(await numbers({ phoneEndsWith: '99' })).toEqual([])
})

test.each(['1', '%%', '00_1', '', '1234567890123456'])(
  '"%s" is no ending of a phone number',
  async ending => {
    const { errors } = await find({ phoneEndsWith: ending })
    expect(errors![0]).toMatchObject({
      message: '`phoneEndsWith` must be 2 to 15 digits.',
      extensions: { code: 'BAD_USER_INPUT' },
    })
  },
)

test('who may not see numbers may not look for them', async () => {
  const { errors } = await find({ phoneEndsWith: '0001' }, await api.key('orders:read'))
  expect(errors![0]).toMatchObject({ extensions: { code: 'FORBIDDEN', scope: 'orders:pii' } })
})

test('orders are found by when they were made ready, picked up or not', async () => {
  const key = await api.key('orders:read', 'orders:write')
  const hoursAgo = async <T>(hours: number, work: () => Promise<T>) => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - hours * 3_600_000 })
    try {
      return await work()
    } finally {
      vi.useRealTimers()
    }
  }
  const [old, kept, gone] = [
    await hoursAgo(6, () => placeOrder(api, key)),
    await hoursAgo(6, () => placeOrder(api, key)),
    await placeOrder(api, key),
  ]
  await hoursAgo(4, () => move(api, key, 'markOrderReady', old.id))
  for (const { id } of [kept, gone]) await move(api, key, 'markOrderReady', id)
  await move(api, key, 'completeOrder', gone.id)
  const readyAfter = new Date(Date.now() - 3 * 3_600_000).toISOString()
  expect(await numbers({ readyAfter, status: ['READY', 'PICKED_UP'] })).toEqual([gone.number, kept.number])
  expect(await numbers({ readyAfter, status: ['READY'] })).toEqual([kept.number])
})
