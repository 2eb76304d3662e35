import { UniqueConstraintViolationException } from '@mikro-orm/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId as newRowId } from '../../api/ids.ts'
import { Order, OrderSource } from '../../api/orders/order.entity.ts'
import { OrderStatus } from '../../api/orders/order-status.ts'
import type { Shop } from '../../api/shops/shop.entity.ts'
import { shopOf } from '../../api/shops/shop-of.ts'
import { startApi, type TestApi } from '../support/api.ts'
import { move, type Move, placeOrder } from '../support/orders.ts'
import { newId, phoneCall } from '../support/phone-call.ts'

let api: TestApi
let key: string
let staff: string
let statements = 0
beforeAll(async () => {
  api = await startApi({ onQuery: () => (statements += 1) })
  key = await api.key('orders:write', 'orders:read')
  staff = await api.signIn()
})
afterAll(() => api.close())

const moves: Record<Move, string> = {
  startOrder: 'PREPARING',
  markOrderReady: 'READY',
  recallOrder: 'PREPARING',
  completeOrder: 'PICKED_UP',
  cancelOrder: 'CANCELLED',
}
const wayTo: Record<string, Move[]> = {
  RECEIVED: [],
  PREPARING: ['startOrder'],
  READY: ['markOrderReady'],
  PICKED_UP: ['markOrderReady', 'completeOrder'],
  CANCELLED: ['cancelOrder'],
}
const allowed: Record<string, string[]> = {
  RECEIVED: ['PREPARING', 'READY', 'CANCELLED'],
  PREPARING: ['READY', 'CANCELLED'],
  READY: ['PREPARING', 'PICKED_UP', 'CANCELLED'],
  PICKED_UP: [],
  CANCELLED: [],
}

async function orderThatIs(status: string): Promise<string> {
  const { id } = await placeOrder(api, key)
  for (const step of wayTo[status]!) await move(api, staff, step, id)
  return id
}

describe('an order moves as the shop works', () => {
  const cases = Object.keys(allowed).flatMap(from =>
    (Object.keys(moves) as Move[]).map(name => [from, name] as const),
  )
  test.each(cases)('%s → %s', async (from, name) => {
    const id = await orderThatIs(from)
    const to = moves[name]
    const moved = await move(api, staff, name, id)
    if (allowed[from]!.includes(to)) {
      expect(moved).toEqual({ __typename: 'Order', status: to })
    } else {
      expect(moved).toMatchObject({
        __typename: 'OrderMoveRefused',
        code: from === to ? `ORDER_ALREADY_${to}` : 'ORDER_MOVE_NOT_ALLOWED',
        path: ['id'],
        order: { status: from },
      })
    }
  })

  test('two baristas who press Done together: one is told that somebody was faster', async () => {
    const { id } = await placeOrder(api, key)
    const results = await Promise.all([
      move(api, staff, 'markOrderReady', id),
      move(api, await api.signIn(), 'markOrderReady', id),
    ])
    expect(results.map(({ __typename }) => __typename).sort()).toEqual(['Order', 'OrderMoveRefused'])
    expect(results.find(({ code }) => code)).toMatchObject({
      code: 'ORDER_ALREADY_READY',
      message: expect.stringContaining('somebody was faster'),
      order: { status: 'READY' },
    })
  })

  test('an order that does not exist is refused', async () => {
    expect(await move(api, staff, 'startOrder', 'ord_none')).toMatchObject({
      code: 'ORDER_NOT_FOUND',
      order: null,
    })
  })

  test('several times in one document, each step by what the one before has left', async () => {
    const { id } = await placeOrder(api, key)
    const { data, errors } = await api.ask(
      `mutation ($id: ID!) {
        early: completeOrder(id: $id) { ... on OrderMoveRefused { code order { texts { id } } } }
        ready: markOrderReady(id: $id) { ... on Order { status items { doneAt } } }
        done: completeOrder(id: $id) { ... on Order { status } }
      }`,
      { id },
      key,
    )
    expect(errors).toBeUndefined()
    expect(data).toMatchObject({
      early: { code: expect.any(String) },
      ready: { status: 'READY', items: [{ doneAt: expect.any(String) }] },
      done: { status: 'PICKED_UP' },
    })
  })

  test('why it was cancelled is kept for staff', async () => {
    const { id } = await placeOrder(api, key)
    const { data } = await api.ask<{ cancelOrder: object }>(
      'mutation ($id: ID!) { cancelOrder(id: $id, reason: " no more milk ") { ... on Order { status cancelReason } } }',
      { id },
      staff,
    )
    expect(data.cancelOrder).toEqual({ status: 'CANCELLED', cancelReason: 'no more milk' })
  })
})

describe('the number of an order', () => {
  const row = (shop: Shop, number: string, status: OrderStatus) => ({
    id: newRowId('ord'),
    shop: shop.id,
    number,
    status,
    source: OrderSource.API,
    currency: 'USD',
    totalMinor: 550,
    createdAt: new Date(),
    updatedAt: new Date(),
  })

  test('is given again only after its order is picked up or cancelled: the database sees to it', async () => {
    const em = api.orm.em.fork()
    const shop = await shopOf(em)
    await em.insert(Order, row(shop, '0001', OrderStatus.PICKED_UP))
    await em.insert(Order, row(shop, '0001', OrderStatus.CANCELLED))
    await em.insert(Order, row(shop, '0001', OrderStatus.READY))
    await expect(em.insert(Order, row(shop, '0001', OrderStatus.RECEIVED))).rejects.toThrow(
      UniqueConstraintViolationException,
    )
  })

  test('is the one left when all others are taken, and then there is none', async () => {
    const crowded = await startApi()
    const writer = await crowded.key('orders:write', 'orders:read')
    const em = crowded.orm.em.fork()
    const shop = await shopOf(em)
    const taken = Array.from({ length: 9_000 }, (_, i) => String(1_000 + i)).filter(each => each !== '4782')
    for (let i = 0; i < taken.length; i += 500) {
      await em.insertMany(
        Order,
        taken.slice(i, i + 500).map(number => row(shop, number, OrderStatus.PREPARING)),
      )
    }
    expect((await placeOrder(crowded, writer)).number).toBe('4782')
    const { data } = await crowded.ask(
      `mutation { placeOrder(idempotencyKey: "x", input: { drinks: [{ flavor: "taro" }], phone: "+15551234567" }) {
        ... on PlaceOrderRefused { code }
      } }`,
      {},
      writer,
    )
    expect(data).toEqual({ placeOrder: { code: 'NO_NUMBER_LEFT' } })
    await crowded.close()
  })
})

interface Page {
  orders: {
    edges: { cursor: string; node: { id: string } }[]
    nodes: { id: string; phone: string | null; name: string | null; items: object[]; texts: object[] }[]
    pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; endCursor: string }
    eventCursor: string
  }
}

const page = `query ($first: Int!, $after: String, $filter: OrderFilter) {
  orders(first: $first, after: $after, filter: $filter) {
    edges { cursor node { id } }
    nodes { id phone name items { flavor price { amount } } texts { body statusText } }
    pageInfo { hasNextPage hasPreviousPage endCursor }
    eventCursor
  }
}`

describe('the list of orders', () => {
  test('of twenty with their drinks and texts costs at most five statements, and one to write down who read them', async () => {
    for (let i = 0; i < 20; i += 1) await placeOrder(api, key, [{ flavor: 'taro' }, { flavor: 'black' }])
    const askers: [as: string, most: number][] = [
      [staff, 5],
      [await api.key('orders:read', 'orders:pii'), 6],
    ]
    for (const [as, most] of askers) {
      // Texts are written behind the back of the request; they are not its statements.
      await expect
        .poll(async () => {
          const before = statements
          const { data } = await api.ask<Page>(page, { first: 20 }, as)
          const spent = statements - before
          expect(data.orders.nodes).toHaveLength(20)
          expect(data.orders.nodes.every(({ items }) => items.length === 2)).toBe(true)
          return spent <= most && data.orders.nodes.every(({ texts }) => texts.length === 1)
        })
        .toBe(true)
    }
  })

  test('can be walked from page to page, newest first', async () => {
    const ids: string[] = []
    let after: string | undefined
    for (let more = true; more;) {
      const { data } = await api.ask<Page>(page, { first: 7, after }, staff)
      const { edges, pageInfo } = data.orders
      ids.push(...edges.map(({ node }) => node.id))
      expect(pageInfo.hasPreviousPage).toBe(after !== undefined)
      after = pageInfo.endCursor
      more = pageInfo.hasNextPage
    }
    const em = api.orm.em.fork()
    const rows = await em.find(Order, {}, { orderBy: { createdAt: 'desc', id: 'desc' } })
    expect(ids).toEqual(rows.map(({ id }) => id))
  })

  test.each([0, -1, 101])('refuses a page of %i', async first => {
    const { errors } = await api.ask(page, { first }, staff)
    expect(errors![0]!.extensions.code).toBe('BAD_USER_INPUT')
  })

  test.each(['bm9uZQ', ''])('refuses a cursor that is none: "%s"', async after => {
    const { errors } = await api.ask(page, { first: 1, after }, staff)
    expect(errors![0]!.extensions.code).toBe('BAD_USER_INPUT')
  })

  test('is filtered by status, number, source and time', async () => {
    const { id, number, createdAt } = await placeOrder(api, key)
    await move(api, staff, 'startOrder', id)
    const idsFor = async (filter: object) => {
      const { data } = await api.ask<Page>(page, { first: 100, filter }, staff)
      return data.orders.nodes.map(order => order.id)
    }
    expect(await idsFor({ number, status: ['PREPARING'] })).toEqual([id])
    expect(await idsFor({ number, status: ['READY', 'RECEIVED'] })).toEqual([])
    expect(await idsFor({ number, source: 'PHONE' })).toEqual([])
    expect(await idsFor({ number: '' })).toEqual([])
    expect(await idsFor({ createdAfter: createdAt, status: ['PREPARING'] })).toContain(id)
    expect(await idsFor({ createdBefore: createdAt })).not.toContain(id)
  })

  test('shows names and phone numbers only with orders:pii', async () => {
    await placeOrder(api, key)
    const newest = async (as: string) => (await api.ask<Page>(page, { first: 1 }, as)).data.orders.nodes[0]
    expect(await newest(key)).toMatchObject({ phone: null, name: null })
    expect(await newest(await api.key('orders:read', 'orders:pii'))).toMatchObject({
      phone: '+15551234567',
      name: 'Ada',
    })
    expect(await newest(staff)).toMatchObject({ phone: '+15551234567', name: 'Ada' })
  })
})

test('one order is found by id or by number', async () => {
  const { id, number } = await placeOrder(api, key)
  const find = async (args: string) =>
    (await api.ask<{ order: { id: string } | null }>(`{ order(${args}) { id } }`, {}, key)).data.order
  expect(await find(`id: "${id}"`)).toEqual({ id })
  expect(await find(`number: "${number}"`)).toEqual({ id })
  expect(await find(`id: "${id}", number: "0000"`)).toBeNull()
  expect(await find('id: "ord_none"')).toBeNull()
})

interface Placing {
  placeOrder: {
    order?: { id: string; total: { amount: string }; source: string }
    replayed?: boolean
    code?: string
    message?: string
    path?: string[]
  }
}

describe('an order from another program', () => {
  const place = async (input: object, idempotencyKey = newId('order'), as = key) =>
    (
      await api.ask<Placing>(
        `mutation ($input: PlaceOrderInput!, $key: String!) {
          placeOrder(input: $input, idempotencyKey: $key) {
            ... on PlacedOrder { replayed order { id source total { amount } } }
            ... on UserError { code message path }
          }
        }`,
        { input, key: idempotencyKey },
        as,
      )
    ).data.placeOrder
  const drinks = [{ flavor: 'Taro', toppings: ['tapioca', 'cream'], addOns: ['matcha'] }]
  const phone = '555-123-4567'

  test('obeys the same words and prices as on the phone', async () => {
    expect(await place({ drinks, phone })).toMatchObject({
      replayed: false,
      order: { source: 'API', total: { amount: '7.50' } },
    })
  })

  test('is placed once for the same key', async () => {
    const idempotencyKey = newId('order')
    const first = await place({ drinks, phone }, idempotencyKey)
    expect(await place({ drinks, phone }, idempotencyKey)).toMatchObject({
      replayed: true,
      order: { id: first.order!.id },
    })
    expect(await place({ drinks, phone, name: 'Bo' }, idempotencyKey)).toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
      path: ['idempotencyKey'],
    })
    const other = await place({ drinks, phone }, idempotencyKey, await api.key('orders:write'))
    expect(other.order!.id).not.toBe(first.order!.id)
  })

  test('is placed once when it says the same in other words', async () => {
    const { data } = await api.ask<{ board: { shop: { id: string } } }>('{ board { shop { id } } }')
    const idempotencyKey = newId('order')
    const input = { drinks: [{ flavor: 'Taro', toppings: ['boba', 'cream'] }, { flavor: 'black' }], phone }
    const { order } = await place(input, idempotencyKey)
    const again = {
      shop: data.board.shop.id,
      phone: '+1 (555) 123 4567',
      name: ' ',
      drinks: [
        { flavor: 'taro', toppings: ['Cream', 'boba'], addOns: null, sweetness: null },
        { flavor: 'black', toppings: [], ice: '' },
      ],
    }
    expect(await place(again, idempotencyKey)).toMatchObject({ replayed: true, order: { id: order!.id } })
    for (const other of [
      { ...again, phone: '+15551234568' },
      { ...again, name: 'Bo' },
      { ...again, drinks: again.drinks.toReversed() },
      { ...again, drinks: [again.drinks[0], { flavor: 'black', toppings: ['boba'] }] },
      { ...again, drinks: [again.drinks[0], { flavor: 'black', ice: 'no ice' }] },
    ]) {
      expect(await place(other, idempotencyKey)).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' })
    }
  })

  test('is placed once when sent five times at the same moment', async () => {
    const idempotencyKey = newId('order')
    const placed = await Promise.all(
      Array.from({ length: 5 }, () => place({ drinks, phone }, idempotencyKey)),
    )
    expect(new Set(placed.map(({ order }) => order!.id)).size).toBe(1)
    expect(placed.filter(({ replayed }) => !replayed)).toHaveLength(1)
  })

  test('is one of five that are sent with one key at the same moment; the others are refused', async () => {
    const idempotencyKey = newId('order')
    const answers = await Promise.all(
      ['Ada', 'Bo', 'Cy', 'Di', 'Ed'].map(name => place({ drinks, phone, name }, idempotencyKey)),
    )
    const codes = answers.map(({ code = 'PLACED' }) => code).toSorted()
    expect(codes).toEqual([...Array<string>(4).fill('IDEMPOTENCY_KEY_REUSED'), 'PLACED'])
  })

  test.each<[object, string, string[]]>([
    [{ drinks: [], phone }, 'NO_DRINKS', ['input', 'drinks']],
    [{ drinks: Array(11).fill({ flavor: 'taro' }), phone }, 'TOO_MANY_DRINKS', ['input', 'drinks']],
    [{ drinks, phone: '555' }, 'BAD_PHONE', ['input', 'phone']],
    [{ drinks, phone: 'call me at 555-123-4567' }, 'BAD_PHONE', ['input', 'phone']],
    [{ drinks, phone: 'five five five one two three four five six seven' }, 'BAD_PHONE', ['input', 'phone']],
    [{ drinks, phone, name: 'Ada\nREADY' }, 'BAD_NAME', ['input', 'name']],
    [{ drinks, phone, name: 'Ada \u202Eadnil' }, 'BAD_NAME', ['input', 'name']],
    [{ drinks, phone, name: 'Ada\u0007' }, 'BAD_NAME', ['input', 'name']],
    [{ drinks, phone, shop: 'shop_none' }, 'SHOP_NOT_FOUND', ['input', 'shop']],
    [
      { drinks: [...drinks, { flavor: 'mango' }], phone },
      'UNKNOWN_FLAVOR',
      ['input', 'drinks', '1', 'flavor'],
    ],
    [
      { drinks: [{ flavor: 'taro', addOns: ['matcha'] }], phone },
      'ADD_ON_NEEDS_TOPPING',
      ['input', 'drinks', '0', 'addOns', '0'],
    ],
    [
      { drinks: [{ flavor: 'taro', toppings: ['boba', 'no egg pudding'] }], phone },
      'UNKNOWN_TOPPING',
      ['input', 'drinks', '0', 'toppings', '1'],
    ],
    [
      { drinks: [{ flavor: 'taro', toppings: ['boba and nothing'] }], phone },
      'UNKNOWN_TOPPING',
      ['input', 'drinks', '0', 'toppings', '0'],
    ],
    [
      { drinks: [{ flavor: 'taro', toppings: [''] }], phone },
      'UNKNOWN_TOPPING',
      ['input', 'drinks', '0', 'toppings', '0'],
    ],
    [
      { drinks: [{ flavor: 'taro', addOns: ['without'] }], phone },
      'UNKNOWN_ADD_ON',
      ['input', 'drinks', '0', 'addOns', '0'],
    ],
    [
      {
        drinks: [
          { flavor: 'taro', toppings: ['cream', 'matcha'] },
          { flavor: 'taro', toppings: ['matcha'] },
        ],
        phone,
      },
      'ADD_ON_NEEDS_TOPPING',
      ['input', 'drinks', '1', 'toppings', '0'],
    ],
    [
      { drinks: [{ flavor: 'taro', toppings: ['boba', 'cream', 'tapioca'] }], phone },
      'NAMED_TWICE',
      ['input', 'drinks', '0', 'toppings', '2'],
    ],
    [
      { drinks: [{ flavor: 'taro', toppings: ['boba'], addOns: ['boba'] }], phone },
      'NAMED_TWICE',
      ['input', 'drinks', '0', 'addOns', '0'],
    ],
  ])('%j is refused: %s', async (input, code, path) => {
    expect(await place(input)).toMatchObject({ code, path })
  })

  test.each([
    [' Ada\n', 'Ada'],
    [' \t\n', null],
    ['', null],
    ['Zoë O’Neill-日本', 'Zoë O’Neill-日本'],
    [` ${'x'.repeat(60)} `, 'x'.repeat(60)],
  ])('is for %j by the name of %j', async (name, kept) => {
    const { order } = await place({ drinks, phone, name })
    const { data } = await api.ask(`{ order(id: "${order!.id}") { name } }`, {}, staff)
    expect(data).toEqual({ order: { name: kept } })
  })

  test('counts the characters of a name as people see them', async () => {
    const named = async (length: number) => {
      const { data } = await api.ask<{ placeOrder: { __typename: string; code?: string } }>(
        `mutation ($key: String!, $name: String!) {
          placeOrder(idempotencyKey: $key, input: { drinks: [{ flavor: "taro" }], phone: "5551234567", name: $name }) {
            __typename ... on UserError { code }
          }
        }`,
        { key: newId('order'), name: '🧋'.repeat(length) },
        key,
      )
      return data.placeOrder
    }
    expect(await named(60)).toEqual({ __typename: 'PlacedOrder' })
    expect(await named(61)).toEqual({ __typename: 'PlaceOrderRefused', code: 'NAME_TOO_LONG' })
  })

  test('takes a number as people write it, and nothing that is no text or far too long', async () => {
    const { data, errors } = await api.ask<{ placeOrder: { order: { phone: string } } }>(
      `mutation ($key: String!, $phone: PhoneNumber!) {
        placeOrder(idempotencyKey: $key, input: { drinks: [{ flavor: "taro" }], phone: $phone }) {
          ... on PlacedOrder { order { phone } }
        }
      }`,
      { key: newId('order'), phone: '(555) 123-4567' },
      await api.key('orders:read', 'orders:write', 'orders:pii'),
    )
    expect(errors).toBeUndefined()
    expect(data.placeOrder.order.phone).toBe('+15551234567')
    for (const phone of [5551234567, '5'.repeat(81), ['5551234567']]) {
      const answer = await api.ask(
        'mutation ($input: PlaceOrderInput!) { placeOrder(idempotencyKey: "none", input: $input) { __typename } }',
        { input: { drinks, phone } },
        key,
      )
      expect(answer.errors).toMatchObject([
        { message: expect.stringContaining('Send E.164'), extensions: { code: 'BAD_USER_INPUT' } },
      ])
    }
    const literal = await api.ask(
      'mutation { placeOrder(idempotencyKey: "none", input: { drinks: [], phone: 5551234567 }) { __typename } }',
      {},
      key,
    )
    expect(literal.errors![0]!.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED')
  })

  test('is refused in words for people, without what a language model is told to do', async () => {
    const wrong = [
      { flavor: '' },
      { flavor: 'espresso' },
      { flavor: 'taro', toppings: ['gravel'] },
      { flavor: 'taro', addOns: ['matcha'] },
      { flavor: 'taro', sweetness: 'salty' },
      { flavor: 'taro', ice: 'dry' },
    ]
    const call = await phoneCall(api, await api.key('calls:write'))
    for (const drink of wrong) {
      const { message } = await place({ drinks: [drink], phone })
      expect(message).not.toMatch(/\b(Ask|Offer|Apologise|Say|Tell)\b/)
      const { error } = await call.run('addToCart', { drink })
      expect(error!.startsWith(`${message!} Ask `), error!).toBe(true)
    }
  })

  test('needs a key of its own', async () => {
    expect(await place({ drinks, phone }, ' ')).toMatchObject({ code: 'BAD_IDEMPOTENCY_KEY' })
    expect(await place({ drinks, phone }, 'x'.repeat(101))).toMatchObject({ code: 'BAD_IDEMPOTENCY_KEY' })
  })
})

// PostgreSQL decides by what is in the table, and that is not much here.
test.skipIf(process.env.TEST_DATABASE_URL)(
  'what is open is found without walking through years of old orders',
  async () => {
    const asked: [sql: string, params: readonly unknown[]][] = []
    const listened = await startApi({ onQuery: (...query) => void asked.push(query) })
    const staff = await listened.signIn()
    asked.length = 0
    await listened.ask('{ board { orders { number } } }')
    await listened.ask(
      '{ orders(first: 50, filter: { status: [RECEIVED, PREPARING] }) { nodes { number } } }',
      {},
      staff,
    )
    const reads = asked.filter(([sql]) => sql.includes('from `orders`'))
    expect(reads).toHaveLength(2)
    for (const [sql, params] of reads) {
      const plan = await listened.orm.em
        .fork()
        .execute<{ detail: string }[]>(`explain query plan ${sql}`, [...params])
      expect(plan.map(({ detail }) => detail)).toEqual([
        expect.stringMatching(/^SEARCH \w+ USING INDEX orders_open_index \(shop_id=\?\)$/),
      ])
    }
    await listened.close()
  },
)
