import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startApi, type TestApi } from '../support/api.ts'

let api: TestApi
let key: string
let staff: string
beforeAll(async () => {
  api = await startApi()
  key = await api.key('orders:read', 'orders:write')
  staff = await api.signIn()
})
afterAll(() => api.close())

interface Result {
  __typename: string
  drinks?: { flavor: string; toppings: string[]; price: { amount: string } }[]
  total?: { amount: string }
  waitMinutes?: number
  readyAt?: string
  order?: { total: { amount: string } }
  code?: string
  path?: string[]
}

async function place(
  input: object,
  validateOnly: boolean,
  { as = key, idempotencyKey = randomUUID() as string } = {},
) {
  const { data, errors } = await api.ask<{ result: Result }>(
    `mutation ($input: PlaceOrderInput!, $key: String!, $validateOnly: Boolean) {
      result: placeOrder(input: $input, idempotencyKey: $key, validateOnly: $validateOnly) {
        __typename
        ... on OrderQuote { drinks { flavor toppings price { amount } } total { amount } waitMinutes readyAt }
        ... on PlacedOrder { order { total { amount } } }
        ... on PlaceOrderRefused { code path }
      }
    }`,
    { input, validateOnly, key: idempotencyKey },
    as,
  )
  return { result: data?.result, errors }
}

const board = async () =>
  (await api.ask<{ board: { cursor: string; orders: unknown[] } }>('{ board { cursor orders { number } } }'))
    .data.board

const input = {
  drinks: [{ flavor: 'taro', toppings: ['tapioca', 'cream'], addOns: ['matcha'] }, { flavor: 'black' }],
  phone: '555-123-4567',
}

test('a quote tells drinks, price and wait as they would be, and orders nothing', async () => {
  const before = await board()
  const asked = Date.now()
  const { result } = await place(input, true, { idempotencyKey: 'the same' })
  expect(result).toMatchObject({
    __typename: 'OrderQuote',
    drinks: [
      { flavor: 'taro milk tea', toppings: ['boba', 'vanilla cream'], price: { amount: '7.50' } },
      { flavor: 'black milk tea', toppings: [], price: { amount: '5.50' } },
    ],
    total: { amount: '13.00' },
  })
  expect(Date.parse(result!.readyAt!) - asked).toBeGreaterThanOrEqual(result!.waitMinutes! * 60_000)
  expect(await board(), 'nobody is told, and no key is used up').toEqual(before)

  const placed = await place(input, false, { idempotencyKey: 'the same' })
  expect(placed.result).toEqual({ __typename: 'PlacedOrder', order: { total: { amount: '13.00' } } })
  expect((await board()).orders).toHaveLength(1)
})

test('a quote and its order hold what is to be made before it, and its own drinks', async () => {
  const shop = await startApi()
  const as = await shop.key('orders:read', 'orders:write')
  const waitFor = async (count: number, idempotencyKey: string, validateOnly = false) => {
    const asked = Date.now()
    const { data } = await shop.ask<{
      result: { waitMinutes: number; readyAt: string; order: { id: string } }
    }>(
      `mutation ($input: PlaceOrderInput!, $key: String!, $validateOnly: Boolean) {
        result: placeOrder(input: $input, idempotencyKey: $key, validateOnly: $validateOnly) {
          ... on OrderQuote { waitMinutes readyAt }
          ... on PlacedOrder { waitMinutes readyAt order { id } }
        }
      }`,
      {
        input: { drinks: Array(count).fill({ flavor: 'taro' }), phone: input.phone },
        key: idempotencyKey,
        validateOnly,
      },
      as,
    )
    const { waitMinutes, readyAt, order } = data.result
    if (waitMinutes > 0) expect(Date.parse(readyAt) - asked).toBeGreaterThanOrEqual(waitMinutes * 60_000)
    return { waitMinutes, readyAt, id: order?.id }
  }
  expect(await waitFor(6, 'first', true)).toMatchObject({ waitMinutes: 6 })
  const first = await waitFor(6, 'first')
  expect(first).toMatchObject({ waitMinutes: 6 })
  expect(await waitFor(3, 'second', true)).toMatchObject({ waitMinutes: 9 })
  expect(await waitFor(3, 'second')).toMatchObject({ waitMinutes: 9 })
  expect(await waitFor(6, 'first'), 'those who came later do not count').toMatchObject({ waitMinutes: 6 })
  const { data } = await shop.ask<{ ready: { readyAt: string } }>(
    'mutation ($id: ID!) { ready: markOrderReady(id: $id) { ... on Order { readyAt } } }',
    { id: first.id },
    as,
  )
  expect(await waitFor(6, 'first')).toMatchObject({ waitMinutes: 0, readyAt: data.ready.readyAt })
  await shop.ask('mutation { delayOrdering(input: { minutes: 25 }) { __typename } }', {}, await shop.signIn())
  expect(await waitFor(4, 'third')).toMatchObject({ waitMinutes: 32 })
  const { data: told } = await shop.ask<{ orders: { nodes: { createdAt: string; promisedAt: string }[] } }>(
    '{ orders(first: 1) { nodes { createdAt promisedAt } } }',
    {},
    as,
  )
  const [{ createdAt, promisedAt } = { createdAt: '', promisedAt: '' }] = told.orders.nodes
  expect(Math.round((Date.parse(promisedAt) - Date.parse(createdAt)) / 60_000)).toBe(32)
  await shop.close()
})

test('a quote holds the delay of a busy shop', async () => {
  const { waitMinutes: before } = (await place(input, true)).result!
  await api.ask('mutation { delayOrdering(input: { minutes: 25 }) { __typename } }', {}, staff)
  expect((await place(input, true)).result!.waitMinutes).toBe(before! + 25)
  await api.ask('mutation { delayOrdering(input: { minutes: 0 }) { __typename } }', {}, staff)
})

test.each([
  [{ ...input, drinks: [] }, 'NO_DRINKS', ['input', 'drinks']],
  [{ ...input, phone: '12' }, 'BAD_PHONE', ['input', 'phone']],
  [{ ...input, drinks: [{ flavor: 'mango' }] }, 'UNKNOWN_FLAVOR', ['input', 'drinks', '0', 'flavor']],
])('what would be refused is refused: %j', async (wrong, code, path) => {
  for (const validateOnly of [true, false]) {
    expect((await place(wrong, validateOnly)).result).toMatchObject({ code, path })
  }
})

test.each(['', ' ', 'x'.repeat(101)])(
  'so is what no order may have as its key: "%s"',
  async idempotencyKey => {
    for (const validateOnly of [true, false]) {
      expect((await place(input, validateOnly, { idempotencyKey })).result).toMatchObject({
        code: 'BAD_IDEMPOTENCY_KEY',
        path: ['idempotencyKey'],
      })
    }
  },
)

test('so is an order at a shop that is paused, and by a key that may not order', async () => {
  await api.ask('mutation { pauseOrdering(paused: true) { id } }', {}, staff)
  expect((await place(input, true)).result).toMatchObject({ code: 'ORDERING_PAUSED' })
  await api.ask('mutation { pauseOrdering(paused: false) { id } }', {}, staff)
  expect((await place(input, true, { as: await api.key('orders:read') })).errors![0]!.extensions.code).toBe(
    'FORBIDDEN',
  )
})
