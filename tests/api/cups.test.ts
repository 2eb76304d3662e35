import { afterAll, beforeAll, expect, test } from 'vitest'
import { startApi, type TestApi } from '../support/api.ts'
import { listen } from '../support/listener.ts'
import { move, type PlacedOrder, placeOrder } from '../support/orders.ts'
import { phoneCall } from '../support/phone-call.ts'

let api: TestApi
let staff: string
let key: string
beforeAll(async () => {
  api = await startApi({ log: { heartbeat: 200 } })
  staff = await api.signIn()
  key = await api.key('orders:read', 'orders:write')
})
afterAll(() => api.close())

interface State {
  __typename: string
  status: string
  seenAt: string | null
  changedAt: string | null
  items: { id: string; doneAt: string | null; labelPrints: number }[]
  code?: string
  message?: string
  path?: string[] | null
  order?: State | null
}

const state = 'status seenAt changedAt items { id doneAt labelPrints }'

async function change(field: string, input: Record<string, unknown>): Promise<State> {
  const Input = `${field[0]!.toUpperCase()}${field.slice(1)}Input`
  const { data, errors } = await api.ask<{ result: State }>(
    `mutation ($input: ${Input}!) {
      result: ${field}(input: $input) {
        __typename
        ... on Order { ${state} }
        ... on OrderMoveRefused { code message path order { ${state} } }
      }
    }`,
    { input },
    staff,
  )
  expect(errors).toBeUndefined()
  return data.result
}

const tick = (cup: string, done = true) => change('setCupDone', { cup, done })

async function orderOf(id: string): Promise<State> {
  const { data } = await api.ask<{ order: State }>(
    `query ($id: ID!) { order(id: $id) { ${state} } }`,
    { id },
    staff,
  )
  return data.order
}

/** An order whose text is written down, so that no event of it comes in between. */
async function place(cups = 1): Promise<PlacedOrder> {
  const order = await placeOrder(
    api,
    key,
    Array.from({ length: cups }, () => ({ flavor: 'taro' })),
  )
  const texts = () =>
    api.ask<{ order: { texts: unknown[] } }>(
      'query ($id: ID!) { order(id: $id) { texts { id } } }',
      { id: order.id },
      staff,
    )
  await expect.poll(async () => (await texts()).data.order.texts.length).toBe(1)
  return order
}

const marks = ({ items }: State) => items.map(({ doneAt }) => (doneAt ? '✓' : '·')).join('')

test('the first cup starts an order, the last one makes it ready, and each listener hears of every tick', async () => {
  const { id } = await place(3)
  const listener = listen(api, { field: 'orderEvents', key, order: 'status items { doneAt }' })
  await listener.beat()
  const [first, second, third] = (await orderOf(id)).items.map(cup => cup.id)
  expect(await tick(second!)).toMatchObject({ status: 'PREPARING' })
  expect(await tick(first!)).toMatchObject({ status: 'PREPARING' })
  expect(await tick(first!, false)).toMatchObject({ status: 'PREPARING' })
  expect(marks(await orderOf(id))).toBe('·✓·')
  await tick(first!)
  const ready = await tick(third!)
  expect(ready.status).toBe('READY')
  expect(marks(ready)).toBe('✓✓✓')

  const heard = []
  for (let nth = 0; nth < 5; nth += 1) heard.push((await listener.next()).type)
  expect(heard).toEqual([
    'ORDER_STATUS_CHANGED',
    'ORDER_UPDATED',
    'ORDER_UPDATED',
    'ORDER_UPDATED',
    'ORDER_STATUS_CHANGED',
  ])
  await listener.stop()
})

test('a tick that is made twice is made once', async () => {
  const { id } = await place(2)
  const [cup] = (await orderOf(id)).items
  await tick(cup!.id)
  const once = await orderOf(id)
  const head = async () =>
    (await api.ask<{ board: { cursor: string } }>('{ board { cursor } }')).data.board.cursor
  const before = await head()
  expect(await tick(cup!.id)).toMatchObject({ status: 'PREPARING' })
  expect(await orderOf(id)).toEqual(once)
  expect(await head(), 'nobody is told of nothing').toBe(before)
})

test('two people who tick the last two cups at the same moment make one order ready', async () => {
  const { id } = await place(2)
  const { items } = await orderOf(id)
  const results = await Promise.all(items.map(cup => tick(cup.id)))
  expect(results.map(({ status }) => status).sort()).toEqual(['PREPARING', 'READY'])
  expect(marks(await orderOf(id))).toBe('✓✓')
})

test('Done ticks what was not ticked, and recall takes exactly that back', async () => {
  const { id } = await place(3)
  const [first] = (await orderOf(id)).items
  await tick(first!.id)
  await move(api, staff, 'markOrderReady', id)
  expect(marks(await orderOf(id))).toBe('✓✓✓')
  expect(await tick(first!.id, false)).toMatchObject({
    __typename: 'OrderMoveRefused',
    code: 'ORDER_MOVE_NOT_ALLOWED',
    message: expect.stringContaining('Recall it first'),
    path: ['input', 'cup'],
    order: { status: 'READY' },
  })
  await move(api, staff, 'recallOrder', id)
  expect(marks(await orderOf(id))).toBe('✓··')

  const { items } = await orderOf(id)
  await tick(items[1]!.id)
  await tick(items[2]!.id)
  await move(api, staff, 'recallOrder', id)
  expect(marks(await orderOf(id)), 'the tick that made it ready is taken back').toBe('✓✓·')
  await move(api, staff, 'markOrderReady', id)
  await move(api, staff, 'completeOrder', id)
  expect(await tick(first!.id, false)).toMatchObject({ code: 'ORDER_MOVE_NOT_ALLOWED' })
})

test('a cup or an order that is none is refused with what to do', async () => {
  for (const [result, field] of [
    [await tick('cup_none'), 'cup'],
    [await change('markOrderSeen', { id: 'ord_none' }), 'id'],
    [await change('recordLabels', { cups: [] }), 'cups'],
  ] as const) {
    expect(result).toMatchObject({
      code: 'ORDER_NOT_FOUND',
      message: expect.stringContaining('load the list again'),
      path: ['input', field],
      order: null,
    })
  }
})

test('an order stands out until staff touch it, and again when the guest changes it', async () => {
  const call = await phoneCall(api, await api.key('calls:write'))
  await call.run('addToCart', { drink: { flavor: 'taro' } })
  const { orderNumber } = await call.run('checkoutOrder', { phone: '555-123-4567' })
  const { data } = await api.ask<{ order: { id: string } }>(
    'query ($number: String) { order(number: $number) { id } }',
    { number: orderNumber },
    staff,
  )
  const { id } = data.order
  expect(await orderOf(id)).toMatchObject({ seenAt: null, changedAt: null })
  const seen = await change('markOrderSeen', { id })
  expect(seen.seenAt).not.toBeNull()
  expect(await change('markOrderSeen', { id }), 'the first touch counts').toEqual(seen)

  await call.run('addToCart', { drink: { flavor: 'black' } })
  await call.run('checkoutOrder')
  const changed = await orderOf(id)
  expect(changed).toMatchObject({ seenAt: null, changedAt: expect.any(String) })
  await tick(changed.items[0]!.id)
  expect((await orderOf(id)).seenAt, 'who works on it has seen it').not.toBeNull()
})

test('labels are counted, so that the next ones can say that they are reprints', async () => {
  const [one, other] = [await place(2), await place()]
  const { items } = await orderOf(one.id)
  const foreign = (await orderOf(other.id)).items
  await change('recordLabels', { cups: items.map(({ id }) => id) })
  await change('recordLabels', { cups: [items[1]!.id] })
  expect((await orderOf(one.id)).items.map(({ labelPrints }) => labelPrints)).toEqual([1, 2])
  expect(await change('recordLabels', { cups: [items[0]!.id, foreign[0]!.id] })).toMatchObject({
    code: 'CUPS_OF_TWO_ORDERS',
    path: ['input', 'cups'],
  })
  expect((await orderOf(one.id)).items.map(({ labelPrints }) => labelPrints)).toEqual([1, 2])
})
