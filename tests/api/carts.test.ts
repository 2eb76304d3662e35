import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { MenuItem, MenuItemKind } from '../../api/menu/menu-item.entity.ts'
import { shopOf } from '../../api/shops/shop-of.ts'
import { startApi, type TestApi } from '../support/api.ts'
import { newId, phoneCall, type PhoneCall } from '../support/phone-call.ts'

let api: TestApi
let key: string
let call: PhoneCall
beforeAll(async () => {
  // Sixty calls at once may take their time on a busy machine.
  api = await startApi({ server: { time: 60_000 } })
  key = await api.key('calls:write')
})
afterAll(() => api.close())
beforeEach(async () => {
  call = await phoneCall(api, key)
})

const taro = { flavor: 'taro milk tea' }

async function fill(count: number, drink: object = taro): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    await call.run('addToCart', { drink })
    await call.run('confirmPendingToCart')
  }
}

test('a drink is staged first and in the cart only once it was confirmed', async () => {
  const staged = await call.run('addToCart', {
    drink: { ...taro, toppings: ['boba', 'vanilla cream'], addOns: ['matcha stencil on top'] },
  })
  expect(staged).toMatchObject({
    ok: true,
    staged: true,
    summary: 'one taro milk tea with boba and vanilla cream, matcha stencil on top, 50% sweet, regular ice',
    pendingItem: { sweetness: '50%', ice: 'regular ice', price: { amount: '7.50', currency: 'USD' } },
  })
  expect(await call.run('cart')).toMatchObject({
    cartCount: 0,
    items: [],
    pendingItem: { flavor: 'taro milk tea' },
  })

  expect(await call.run('confirmPendingToCart')).toMatchObject({
    ok: true,
    cartCount: 1,
    item: { flavor: 'taro milk tea', toppings: ['boba', 'vanilla cream'] },
    cartTotal: { amount: '7.50', currency: 'USD' },
  })
  expect(await call.run('cart')).toMatchObject({ cartCount: 1, pendingItem: null })
})

test('confirming with nothing staged is refused with a sentence', async () => {
  await fill(1)
  expect(await call.run('confirmPendingToCart')).toMatchObject({
    ok: false,
    error: 'No pending drink to confirm.',
    cartCount: 1,
    cartTotal: { amount: '5.50' },
  })
})

test('the staged drink changes only where something is given', async () => {
  await call.run('addToCart', { drink: { ...taro, toppings: ['boba'], sweetness: '25%', ice: 'no ice' } })
  expect((await call.run('updatePendingItem', { changes: { ice: 'extra' } })).pendingItem).toMatchObject({
    flavor: 'taro milk tea',
    toppings: ['boba'],
    sweetness: '25%',
    ice: 'extra ice',
  })
  expect((await call.run('updatePendingItem', { changes: { toppings: [] } })).pendingItem).toMatchObject({
    toppings: [],
    price: { amount: '5.50' },
  })
  expect(
    (await call.run('updatePendingItem', { changes: { flavor: 'black', sweetness: null } })).pendingItem,
  ).toMatchObject({ flavor: 'black milk tea', sweetness: '25%', ice: 'extra ice' })
})

test('with nothing staged there is nothing to change or to drop', async () => {
  expect(await call.run('updatePendingItem', { changes: { ice: 'no ice' } })).toMatchObject({
    ok: false,
    staged: false,
    code: 'NO_PENDING_ITEM',
  })
  expect(await call.run('clearPendingItem')).toMatchObject({ ok: true, cleared: false })
  await call.run('addToCart', { drink: taro })
  expect(await call.run('clearPendingItem')).toMatchObject({ ok: true, cleared: true })
  expect((await call.run('cart')).pendingItem).toBeNull()
})

test('a drink is taken out by its index, counted from 0', async () => {
  await fill(1)
  await fill(1, { flavor: 'black milk tea' })
  expect(await call.run('removeFromCart', { index: 0 })).toMatchObject({
    ok: true,
    removed: { flavor: 'taro milk tea' },
    cartCount: 1,
  })
  expect((await call.run('cart')).items.map(({ flavor }) => flavor)).toEqual(['black milk tea'])
})

test.each([9, 2, -1])('index %i of two drinks is refused and takes nothing away', async index => {
  await fill(2)
  const reply = await call.run('removeFromCart', { index })
  expect(reply).toMatchObject({ ok: false, code: 'NO_SUCH_DRINK', cartCount: 2 })
  expect(reply.error).toContain('the cart holds 2, counted from 0')
  expect(await call.run('modifyCartItem', { index, changes: { ice: 'no ice' } })).toMatchObject({ ok: false })
  expect((await call.run('cart')).cartCount).toBe(2)
})

test('removing from an empty cart says that it is empty', async () => {
  expect(await call.run('removeFromCart', { index: 0 })).toMatchObject({ ok: false, code: 'CART_EMPTY' })
})

test('a drink in the cart can be changed, and its price with it', async () => {
  await fill(2)
  expect(
    await call.run('modifyCartItem', { index: 1, changes: { toppings: ['cream'], addOns: ['matcha'] } }),
  ).toMatchObject({
    ok: true,
    item: { toppings: ['vanilla cream'], addOns: ['matcha stencil on top'], price: { amount: '6.75' } },
    cartTotal: { amount: '12.25' },
  })
})

test('sweetness and ice are set by index, else for the last drink', async () => {
  await fill(2)
  expect(await call.run('setSweetnessIce', { index: 0, sweetness: '100' })).toMatchObject({
    item: { sweetness: '100%', ice: 'regular ice' },
  })
  expect(await call.run('setSweetnessIce', { ice: 'less' })).toMatchObject({
    item: { sweetness: '50%', ice: 'less ice' },
  })
  expect((await call.run('cart')).items.map(({ sweetness, ice }) => [sweetness, ice])).toEqual([
    ['100%', 'regular ice'],
    ['50%', 'less ice'],
  ])
})

test('sweetness of a drink that is only staged is set there', async () => {
  await call.run('addToCart', { drink: taro })
  expect(await call.run('setSweetnessIce', { sweetness: 'half', ice: 'no ice please' })).toMatchObject({
    ok: true,
    item: { sweetness: '50%', ice: 'no ice' },
  })
})

describe('an order holds ten drinks', () => {
  test('the eleventh is refused, staged or confirmed', async () => {
    await fill(9)
    await call.run('addToCart', { drink: taro })
    expect(await call.run('confirmPendingToCart')).toMatchObject({ ok: true, cartCount: 10 })
    expect(await call.run('addToCart', { drink: taro })).toMatchObject({
      ok: false,
      staged: false,
      code: 'CART_FULL',
      error: 'An order holds ten drinks at most. Ask whether to check out now.',
    })
  })
})

describe('what is not on offer is refused with what is', () => {
  test.each([
    [{ flavor: 'mango slush' }, 'UNKNOWN_FLAVOR', ['taro milk tea or black milk tea', 'mango slush']],
    [{ flavor: 'mango milk tea' }, 'UNKNOWN_FLAVOR', ['taro milk tea or black milk tea']],
    [{ flavor: 'taro milk tea with boba' }, 'UNKNOWN_FLAVOR', ['taro milk tea or black milk tea']],
    [{ flavor: ' ' }, 'FLAVOR_NEEDED', ['taro milk tea or black milk tea']],
    [
      { ...taro, toppings: ['gummy bears'] },
      'UNKNOWN_TOPPING',
      ['boba, egg pudding, crystal agar boba and vanilla cream', 'gummy bears'],
    ],
    [{ ...taro, addOns: ['gold leaf'] }, 'UNKNOWN_ADD_ON', ['matcha stencil on top', 'gold leaf']],
    [{ ...taro, sweetness: '60%' }, 'UNKNOWN_SWEETNESS', ['0%, 25%, 50%, 75% or 100%']],
    [{ ...taro, ice: 'crushed' }, 'UNKNOWN_ICE', ['no ice, less ice, regular ice or extra ice']],
    [{ ...taro, addOns: ['matcha'] }, 'ADD_ON_NEEDS_TOPPING', ['vanilla cream']],
    [
      { ...taro, toppings: ['boba'], addOns: ['matcha stencil on top'] },
      'ADD_ON_NEEDS_TOPPING',
      ['vanilla cream'],
    ],
  ])('%j → %s', async (drink, code, words) => {
    const reply = await call.run('addToCart', { drink })
    expect(reply).toMatchObject({ ok: false, staged: false, code, pendingItem: null })
    for (const word of words) expect(reply.error).toContain(word)
    expect((await call.run('cart')).pendingItem).toBeNull()
  })

  test('a refused change leaves the drink as it was', async () => {
    await call.run('addToCart', { drink: { ...taro, toppings: ['cream'], addOns: ['matcha'] } })
    expect(await call.run('updatePendingItem', { changes: { toppings: ['boba'] } })).toMatchObject({
      ok: false,
      code: 'ADD_ON_NEEDS_TOPPING',
    })
    expect((await call.run('cart')).pendingItem).toMatchObject({ toppings: ['vanilla cream'] })
  })
})

test('what the menu itself calls "no …" is ordered, and not left out', async () => {
  const shop = await startApi()
  const em = shop.orm.em.fork()
  em.create(MenuItem, {
    shop: await shopOf(em),
    kind: MenuItemKind.TOPPING,
    name: 'no-sugar jelly',
    priceMinor: 75,
    position: 100,
  })
  await em.flush()
  const call = await phoneCall(shop, await shop.key('calls:write'))
  const toppingsFor = async (...toppings: string[]) =>
    (await call.run('addToCart', { drink: { ...taro, toppings } })).pendingItem!.toppings
  for (const said of ['no-sugar jelly', 'No Sugar Jelly please']) {
    expect(await toppingsFor(said)).toEqual(['no-sugar jelly'])
  }
  expect(await toppingsFor('no-sugar jelly and boba')).toEqual(['boba', 'no-sugar jelly'])
  expect(await toppingsFor('no-sugar jelly, no boba')).toEqual(['no-sugar jelly'])
  expect(await toppingsFor('no boba and egg pudding', 'boba, none')).toEqual(['boba'])
  await shop.close()
})

describe('words of a language model are understood', () => {
  test.each<[object, object]>([
    [{ flavor: 'TARO' }, { flavor: 'taro milk tea' }],
    [{ flavor: 'Black Milk Teas' }, { flavor: 'black milk tea' }],
    [{ flavor: 'a large taro milk tea please' }, { flavor: 'taro milk tea' }],
    [{ flavor: 'milk tea' }, { flavor: 'black milk tea' }],
    [{ ...taro, toppings: 'boba' }, { toppings: ['boba'] }],
    [{ ...taro, toppings: ['Tapioca Pearls'] }, { toppings: ['boba'] }],
    [{ ...taro, toppings: ['foam', 'Egg Puddings'] }, { toppings: ['egg pudding', 'vanilla cream'] }],
    [{ ...taro, toppings: ['boba and egg pudding'] }, { toppings: ['boba', 'egg pudding'] }],
    [{ ...taro, toppings: ['boba', 'tapioca'] }, { toppings: ['boba'] }],
    [{ ...taro, toppings: ['crystal boba'] }, { toppings: ['crystal agar boba'] }],
    [{ ...taro, toppings: ['none'] }, { toppings: [] }],
    [{ ...taro, toppings: ['no boba', ''] }, { toppings: [] }],
    [
      { ...taro, toppings: null, addOns: null, sweetness: null, ice: null },
      { toppings: [], ice: 'regular ice' },
    ],
    [
      { ...taro, toppings: ['matcha', 'cream'] },
      { toppings: ['vanilla cream'], addOns: ['matcha stencil on top'] },
    ],
    [{ ...taro, sweetness: '50' }, { sweetness: '50%' }],
    [{ ...taro, sweetness: 'half sugar' }, { sweetness: '50%' }],
    [{ ...taro, sweetness: '25 percent' }, { sweetness: '25%' }],
    [{ ...taro, sweetness: '75% sweetness' }, { sweetness: '75%' }],
    [{ ...taro, sweetness: '0.25' }, { sweetness: '25%' }],
    [{ ...taro, sweetness: 'unsweetened' }, { sweetness: '0%' }],
    [{ ...taro, ice: 'LIGHT ICE' }, { ice: 'less ice' }],
    [{ ...taro, ice: 'without ice' }, { ice: 'no ice' }],
    [{ ...taro, ice: 'normal' }, { ice: 'regular ice' }],
  ])('%j', async (drink, expected) => {
    expect(await call.run('addToCart', { drink })).toMatchObject({ ok: true, pendingItem: expected })
  })
})

describe('a request has its effect once', () => {
  test('the same request id answers the same and does nothing more', async () => {
    await call.run('addToCart', { drink: taro }, 'call_1')
    const first = await call.run('confirmPendingToCart', {}, 'call_2')
    expect(await call.run('confirmPendingToCart', {}, 'call_2')).toEqual(first)
    expect((await call.run('cart')).cartCount).toBe(1)
  })

  test('a refusal is repeated too, even when it would succeed by now', async () => {
    const refused = await call.run('confirmPendingToCart', {}, 'call_1')
    await call.run('addToCart', { drink: taro })
    expect(await call.run('confirmPendingToCart', {}, 'call_1')).toEqual(refused)
    expect((await call.run('cart')).pendingItem).not.toBeNull()
  })

  test('ten times at the same moment is once', async () => {
    await call.run('addToCart', { drink: taro })
    const replies = await Promise.all(
      Array.from({ length: 10 }, () => call.run('confirmPendingToCart', {}, 'call_1')),
    )
    expect(new Set(replies.map(reply => JSON.stringify(reply))).size).toBe(1)
    expect(replies[0]).toMatchObject({ ok: true, cartCount: 1 })
    expect((await call.run('cart')).cartCount).toBe(1)
  })

  test('the same id for something else is refused', async () => {
    await call.run('addToCart', { drink: taro }, 'call_1')
    for (const reply of [
      await call.run('addToCart', { drink: { flavor: 'black' } }, 'call_1'),
      await call.run('clearPendingItem', {}, 'call_1'),
    ]) {
      expect(reply).toMatchObject({ ok: false, code: 'REQUEST_REUSED' })
    }
    expect((await call.run('cart')).pendingItem).toMatchObject({ flavor: 'taro milk tea' })
  })

  test('the same id in another call is another request', async () => {
    const other = await phoneCall(api, key)
    await call.run('addToCart', { drink: taro }, 'call_1')
    expect(await other.run('addToCart', { drink: { flavor: 'black' } }, 'call_1')).toMatchObject({
      ok: true,
      pendingItem: { flavor: 'black milk tea' },
    })
  })
})

test('a call that nobody started is refused with a sentence', async () => {
  const { data } = await api.ask<{ a: object; b: object }>(
    `mutation { a: addToCart(call: "CAnone", request: "1", drink: { flavor: "taro" }) { ok code error }
       b: sayGoodbye(call: "CAnone", request: "2") { ok code } }`,
    {},
    key,
  )
  expect(data).toMatchObject({
    a: { ok: false, code: 'NO_SUCH_CALL', error: expect.stringContaining('transfer to staff') },
    b: { ok: false, code: 'NO_SUCH_CALL' },
  })
})

test('sixty calls at once never see each other’s cart', async () => {
  const toppings = ['boba', 'egg pudding', 'crystal agar boba', 'vanilla cream']
  const levels = ['0%', '25%', '50%', '75%', '100%']
  const ices = ['no ice', 'less ice', 'regular ice', 'extra ice']
  const flavors = ['taro milk tea', 'black milk tea']
  const carts = await Promise.all(
    Array.from({ length: 60 }, async (_, i) => {
      const caller = await phoneCall(api, key, { id: newId('CA') })
      const drinks = Array.from({ length: 1 + (i % 2) }, (_, n) => ({
        flavor: flavors[(i + n) % 2]!,
        toppings: [toppings[(i >> 1) % 4]!],
        addOns: [],
        sweetness: levels[(i >> 3) % 5]!,
        ice: ices[(i >> 2) % 4]!,
      }))
      for (const drink of drinks) {
        await caller.run('addToCart', { drink })
        await caller.run('confirmPendingToCart')
      }
      return { drinks, cart: await caller.run('cart') }
    }),
  )
  for (const { drinks, cart } of carts) {
    expect(cart.items.map(({ price: _price, summary: _summary, ...drink }) => drink)).toEqual(drinks)
  }
})
