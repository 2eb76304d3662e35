import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startApi, type TestApi } from '../support/api.ts'
import { phoneCall, type PhoneCall } from '../support/phone-call.ts'

let api: TestApi
let key: string
let staff: string
let call: PhoneCall
beforeAll(async () => {
  api = await startApi()
  key = await api.key('calls:write')
  staff = await api.signIn()
})
afterAll(() => api.close())
beforeEach(async () => {
  call = await phoneCall(api, key)
})

const taro = { flavor: 'taro milk tea' }
const phone = '555-123-4567'

interface Order {
  id: string
  number: string
  status: string
  source: string
  phone: string
  name: string | null
  total: { amount: string }
  items: { flavor: string }[]
}

async function orderOf(number: string): Promise<Order> {
  const { data } = await api.ask<{ order: Order }>(
    `query ($number: String!) {
      order(number: $number) { id number status source phone name total { amount } items { flavor } }
    }`,
    { number },
    staff,
  )
  return data.order
}

async function countOrders(): Promise<number> {
  const { data } = await api.ask<{ orders: { nodes: object[] } }>(
    '{ orders(first: 100) { nodes { id } } }',
    {},
    staff,
  )
  return data.orders.nodes.length
}

async function stageAndConfirm(drink: object = taro): Promise<void> {
  await call.run('addToCart', { drink })
  await call.run('confirmPendingToCart')
}

test('a cart becomes an order with a number of four digits', async () => {
  await stageAndConfirm({ ...taro, toppings: ['boba'] })
  await stageAndConfirm({ flavor: 'black', sweetness: '0', ice: 'no' })
  expect(await call.run('savePhoneNumber', { phone })).toMatchObject({ ok: true, phone: '+15551234567' })
  const reply = await call.run('checkoutOrder', { name: 'Ada' })
  expect(reply).toMatchObject({
    ok: true,
    status: 'RECEIVED',
    phone: '+15551234567',
    total: { amount: '11.75', currency: 'USD' },
    items: [
      { flavor: 'taro milk tea', toppings: ['boba'], price: { amount: '6.25' } },
      { flavor: 'black milk tea', sweetness: '0%', ice: 'no ice' },
    ],
  })
  expect(reply.orderNumber).toMatch(/^[1-9]\d{3}$/)
  expect(await orderOf(reply.orderNumber)).toMatchObject({
    status: 'RECEIVED',
    source: 'PHONE',
    phone: '+15551234567',
    name: 'Ada',
    total: { amount: '11.75' },
    items: [{ flavor: 'taro milk tea' }, { flavor: 'black milk tea' }],
  })
  expect((await call.run('cart')).cartCount).toBe(0)
})

test('a staged drink is confirmed first', async () => {
  await call.run('addToCart', { drink: taro })
  expect(await call.run('checkoutOrder', { phone })).toMatchObject({
    ok: true,
    items: [{ flavor: 'taro milk tea' }],
  })
  expect((await call.run('cart')).pendingItem).toBeNull()
})

test('an empty cart is not ordered', async () => {
  const before = await countOrders()
  expect(await call.run('checkoutOrder', { phone })).toMatchObject({
    ok: false,
    code: 'CART_EMPTY',
    orderNumber: null,
  })
  expect(await countOrders()).toBe(before)
})

test('without a phone number nothing is ordered and nothing is lost', async () => {
  await stageAndConfirm()
  await call.run('addToCart', { drink: { flavor: 'black' } })
  const reply = await call.run('checkoutOrder')
  expect(reply).toMatchObject({ ok: false, code: 'PHONE_NEEDED' })
  expect(reply.error).toContain('save_phone_number')
  expect(await call.run('cart')).toMatchObject({ cartCount: 1, pendingItem: { flavor: 'black milk tea' } })
})

test('a second checkout answers the same order', async () => {
  await stageAndConfirm()
  const first = await call.run('checkoutOrder', { phone })
  const second = await call.run('checkoutOrder', { phone })
  expect(second).toMatchObject({ ok: true, orderNumber: first.orderNumber, total: { amount: '5.50' } })
  expect((await orderOf(first.orderNumber)).items).toHaveLength(1)
})

test('two checkouts at the same moment are one order', async () => {
  await stageAndConfirm()
  const before = await countOrders()
  const [one, other] = await Promise.all([
    call.run('checkoutOrder', { phone }),
    call.run('checkoutOrder', { phone }),
  ])
  expect(one).toMatchObject({ ok: true, orderNumber: other.orderNumber })
  expect(await countOrders()).toBe(before + 1)
})

describe('drinks after checkout', () => {
  test('join the order while nobody has started on it', async () => {
    await stageAndConfirm()
    const { orderNumber } = await call.run('checkoutOrder', { phone })
    await stageAndConfirm({ flavor: 'black' })
    expect(await call.run('checkoutOrder')).toMatchObject({
      ok: true,
      orderNumber,
      total: { amount: '11.00' },
      items: [{ flavor: 'taro milk tea' }, { flavor: 'black milk tea' }],
    })
    expect((await orderOf(orderNumber)).total.amount).toBe('11.00')
  })

  test('are refused once somebody has', async () => {
    await stageAndConfirm()
    const { orderNumber } = await call.run('checkoutOrder', { phone })
    const { id } = await orderOf(orderNumber)
    await api.ask('mutation ($id: ID!) { startOrder(id: $id) { __typename } }', { id }, staff)
    await stageAndConfirm()
    expect(await call.run('checkoutOrder')).toMatchObject({ ok: false, code: 'ORDER_STARTED' })
    expect((await orderOf(orderNumber)).items).toHaveLength(1)
  })

  test('count towards ten', async () => {
    for (let i = 0; i < 9; i += 1) await stageAndConfirm()
    await call.run('checkoutOrder', { phone })
    await stageAndConfirm()
    expect(await call.run('addToCart', { drink: taro })).toMatchObject({ ok: false, code: 'CART_FULL' })
    expect((await call.run('checkoutOrder')).items).toHaveLength(10)
    expect(await call.run('addToCart', { drink: taro })).toMatchObject({ ok: false, code: 'CART_FULL' })
  })
})

test('what sold out since it was staged is not ordered', async () => {
  const { data } = await api.ask<{ menu: { toppings: { id: string; name: string }[] } }>(
    '{ menu { toppings { id name } } }',
  )
  const item = data.menu.toppings.find(({ name }) => name === 'egg pudding')!.id
  const set = (available: boolean) =>
    api.ask(
      'mutation ($item: ID!, $available: Boolean!) { setAvailability(item: $item, available: $available) { __typename } }',
      { item, available },
      staff,
    )
  await stageAndConfirm({ ...taro, toppings: ['egg pudding'] })
  await set(false)
  const reply = await call.run('checkoutOrder', { phone })
  expect(reply).toMatchObject({ ok: false, code: 'SOLD_OUT' })
  expect(reply.error).toContain('We still have boba')
  expect(await call.run('addToCart', { drink: { ...taro, toppings: ['egg pudding'] } })).toMatchObject({
    ok: false,
    code: 'SOLD_OUT',
  })
  await set(true)
  expect(await call.run('checkoutOrder', { phone })).toMatchObject({ ok: true })
})

test('a shop that pauses ordering takes no drinks and no orders', async () => {
  const pause = (paused: boolean) =>
    api.ask(
      'mutation ($paused: Boolean!) { pauseOrdering(paused: $paused) { orderingPaused } }',
      { paused },
      staff,
    )
  await stageAndConfirm()
  await pause(true)
  expect(await call.run('addToCart', { drink: taro })).toMatchObject({ code: 'ORDERING_PAUSED' })
  expect(await call.run('checkoutOrder', { phone })).toMatchObject({ ok: false, code: 'ORDERING_PAUSED' })
  await pause(false)
  expect(await call.run('checkoutOrder', { phone })).toMatchObject({ ok: true })
})

describe('a phone number', () => {
  test.each([
    ['555-123-4567', '+15551234567'],
    ['(555) 123 4567', '+15551234567'],
    ['1 555 123 4567', '+15551234567'],
    ['five five five, one two three, four five six seven', '+15551234567'],
    ['double five five 123 four five six seven', '+15551234567'],
    ['+49 151 23456789', '+4915123456789'],
  ])('%s is understood', async (said, expected) => {
    expect(await call.run('savePhoneNumber', { phone: said })).toMatchObject({ ok: true, phone: expected })
  })

  test.each(['call me maybe', '555', '', '12345', '555-123-45678901234567', '+1 555'])(
    '"%s" is refused, here and at checkout',
    async said => {
      const reply = await call.run('savePhoneNumber', { phone: said })
      expect(reply).toMatchObject({ ok: false, code: 'BAD_PHONE', phone: null })
      expect(reply.error).toContain('digit by digit')
      await stageAndConfirm()
      if (said) expect(await call.run('checkoutOrder', { phone: said })).toMatchObject({ code: 'BAD_PHONE' })
      expect((await call.run('cart')).cartCount).toBe(1)
    },
  )

  test('may be the one they call from', async () => {
    const caller = await phoneCall(api, key, { from: '+15557654321' })
    expect(await caller.run('savePhoneNumber', { phone: 'this number' })).toMatchObject({
      ok: true,
      phone: '+15557654321',
    })
  })

  test.each(['anonymous', '+266696687', 'sip:shop@example.com', ''])(
    'is asked for when the caller ID is "%s"',
    async from => {
      const caller = await phoneCall(api, key, { from })
      expect(await caller.run('savePhoneNumber', { phone: 'caller id' })).toMatchObject({
        ok: false,
        code: 'NO_CALLER_ID',
      })
    },
  )
})

describe('asking about orders', () => {
  test('whether this call has one', async () => {
    expect(await call.run('orderIsPlaced')).toMatchObject({ ok: true, placed: false, orderNumber: null })
    await stageAndConfirm()
    const { orderNumber } = await call.run('checkoutOrder', { phone })
    expect(await call.run('orderIsPlaced')).toMatchObject({ placed: true, orderNumber })
  })

  test('how far it is, by number, by phone, or the one of this call', async () => {
    await stageAndConfirm()
    const { orderNumber } = await call.run('checkoutOrder', { phone: '+15550009999' })
    const expected = { ok: true, found: true, orderNumber, status: 'RECEIVED', total: { amount: '5.50' } }
    expect(await call.run('orderStatus')).toMatchObject(expected)
    const other = await phoneCall(api, key)
    expect(await other.run('orderStatus', { number: orderNumber.split('').join(' ') })).toMatchObject(
      expected,
    )
    expect(await other.run('orderStatus', { phone: '555 000 9999' })).toMatchObject(expected)
    expect(await other.run('orderStatus', { number: '0000' })).toMatchObject({ ok: true, found: false })
    expect(await other.run('orderStatus')).toMatchObject({ ok: false, code: 'NUMBER_NEEDED' })
    expect(await other.run('orderStatus', { phone: 'abc' })).toMatchObject({ ok: false, code: 'BAD_PHONE' })
  })

  test.each([
    ['my order is 4782 and my number is 555-123-4567', '+15551234567', '4782'],
    ['it was 4 7 8 2', null, '4782'],
    ['(555) 123-4567', '+15551234567', null],
    ['I do not know', null, null],
  ])('both are found in "%s"', async (text, number, orderNumber) => {
    expect(await call.run('extractPhoneAndOrder', { text })).toMatchObject({
      ok: true,
      phone: number,
      orderNumber,
    })
  })
})

test('the caller is told the menu in a sentence', async () => {
  const reply = await call.run('menuSummary')
  expect(reply.summary).toContain('We have taro milk tea and black milk tea.')
  expect(reply.prices).toContain('taro milk tea $5.50')
  expect(reply.items).toContain('matcha stencil on top')
})

describe('a number that is corrected after checkout', () => {
  async function ordered(): Promise<string> {
    await call.run('addToCart', { drink: taro })
    const { orderNumber } = await call.run('checkoutOrder', { phone })
    return orderNumber as string
  }

  test('by saving another one: the texts still to come go there', async () => {
    const number = await ordered()
    expect(await call.run('savePhoneNumber', { phone: '555-765-4321' })).toMatchObject({ ok: true })
    expect((await orderOf(number)).phone).toBe('+15557654321')
  })

  test('by checking out again: the answer is the number the texts go to', async () => {
    const number = await ordered()
    expect(await call.run('checkoutOrder', { phone: '555-765-4321' })).toMatchObject({
      ok: true,
      orderNumber: number,
      phone: '+15557654321',
    })
    expect((await orderOf(number)).phone).toBe('+15557654321')
  })

  test('when the order is over: refused with a sentence, and nothing changes', async () => {
    const number = await ordered()
    const { id } = await orderOf(number)
    await api.ask('mutation ($id: ID!) { cancelOrder(id: $id) { __typename } }', { id }, staff)
    expect(await call.run('savePhoneNumber', { phone: '555-765-4321' })).toMatchObject({
      ok: false,
      code: 'ORDER_CLOSED',
    })
    expect((await orderOf(number)).phone).toBe('+15551234567')
  })
})
