import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import pino from 'pino'
import { keepLifting, liftExpired } from '../../api/shops/lift.ts'
import { endOf, Period } from '../../api/shops/period.ts'
import { startApi, type TestApi } from '../support/api.ts'
import { listen } from '../support/listener.ts'
import { newId, type PhoneCall, phoneCall } from '../support/phone-call.ts'

let api: TestApi
let staff: string
let voice: string
let items: Map<string, string>
beforeAll(async () => {
  api = await startApi({ log: { heartbeat: 200 } })
  staff = await api.signIn()
  voice = await api.key('calls:write')
  const { data } = await api.ask<{ menu: { items: { id: string; name: string }[] } }>(
    '{ menu { items { id name } } }',
  )
  items = new Map(data.menu.items.map(({ id, name }) => [name, id]))
})
afterAll(() => api.close())
beforeEach(async () => {
  await api.ask(
    'mutation { pauseOrdering(paused: false) { id } delayOrdering(input: { minutes: 0 }) { __typename } }',
    {},
    staff,
  )
  for (const id of items.values()) await setAvailable(id, true)
})

const setAvailable = async (item: string, available: boolean, period?: string) => {
  const { data } = await api.ask<{ item: { available: boolean; soldOutUntil: string | null } }>(
    `mutation ($item: ID!, $available: Boolean!, $period: Period) {
      item: setAvailability(item: $item, available: $available, period: $period) {
        ... on MenuItem { available soldOutUntil }
      }
    }`,
    { item, available, ...(period && { period }) },
    staff,
  )
  return data.item
}

interface Shop {
  orderingPaused: boolean
  pausedUntil: string | null
  delayMinutes: number
  delayedUntil: string | null
  warnAfterMinutes: number
  lateAfterMinutes: number
  waitMinutes: number
}
const shopFields =
  'orderingPaused pausedUntil delayMinutes delayedUntil warnAfterMinutes lateAfterMinutes waitMinutes'

const shopNow = async () =>
  (await api.ask<{ board: { shop: Shop } }>(`{ board { shop { ${shopFields} } } }`)).data.board.shop

async function change(
  mutation: string,
): Promise<Partial<Shop> & { code?: string; message?: string; path?: string[] }> {
  const { data, errors } = await api.ask<{ shop: Shop & { code: string; message: string } }>(
    `mutation { shop: ${mutation} { ... on Shop { ${shopFields} } ... on ShopChangeRefused { code message path } } }`,
    {},
    staff,
  )
  expect(errors).toBeUndefined()
  return data.shop
}

const pause = async (paused: boolean, period: string) =>
  (
    await api.ask<{ shop: Shop }>(
      `mutation { shop: pauseOrdering(paused: ${paused}, period: ${period}) { ${shopFields} } }`,
      {},
      staff,
    )
  ).data.shop

async function place(
  drink: object,
): Promise<{ code?: string; order?: { promisedAt: string | null; createdAt: string } }> {
  const { data } = await api.ask<{
    placeOrder: { code?: string; order?: { promisedAt: string; createdAt: string } }
  }>(
    `mutation ($input: PlaceOrderInput!, $key: String!) {
      placeOrder(input: $input, idempotencyKey: $key) {
        ... on PlacedOrder { order { promisedAt createdAt } }
        ... on PlaceOrderRefused { code }
      }
    }`,
    { input: { drinks: [drink], phone: '+15551234567' }, key: newId('order') },
    staff,
  )
  return data.placeOrder
}

const stage = (call: PhoneCall, toppings: string[]) =>
  call.run('addToCart', { drink: { flavor: 'taro', toppings } })

/** Minutes from now, as a time of the api. */
const minutesTo = (time: string | null | undefined) => Math.round((Date.parse(time!) - Date.now()) / 60_000)

test.each([
  ['FIFTEEN_MINUTES', '2026-11-25T22:00:00Z', '2026-11-25T22:15:00Z'],
  ['THIRTY_MINUTES', '2026-11-25T22:00:00Z', '2026-11-25T22:30:00Z'],
  ['ONE_HOUR', '2026-11-25T22:00:00Z', '2026-11-25T23:00:00Z'],
  ['FOUR_HOURS', '2026-11-25T22:00:00Z', '2026-11-26T02:00:00Z'],
  // Four in the morning in Los Angeles is noon in Greenwich in winter, and eleven in summer.
  ['TODAY', '2026-11-25T22:00:00Z', '2026-11-26T12:00:00Z'],
  ['TODAY', '2026-11-26T09:30:00Z', '2026-11-26T12:00:00Z'],
  ['TODAY', '2026-03-07T22:00:00Z', '2026-03-08T11:00:00Z'],
  ['TODAY', '2026-10-31T22:00:00Z', '2026-11-01T12:00:00Z'],
  ['UNTIL_LIFTED', '2026-11-25T22:00:00Z', null],
])('%s from %s on is over at %s', (period, from, to) => {
  const end = endOf(Period[period as keyof typeof Period], 'America/Los_Angeles', new Date(from))
  expect(end).toEqual(to === null ? null : new Date(to))
})

describe('what is sold out', () => {
  test('is refused at once to callers and programs, and comes back when its time is over', async () => {
    const call = await phoneCall(api, voice)
    const listener = listen(api, { field: 'boardEvents' })
    await listener.beat()
    const boba = items.get('boba')!
    const sold = await setAvailable(boba, false, 'ONE_HOUR')
    expect(sold.available).toBe(false)
    expect(minutesTo(sold.soldOutUntil)).toBe(60)
    await listener.until('MENU_CHANGED')
    expect(await stage(call, ['boba'])).toMatchObject({ ok: false, code: 'SOLD_OUT' })
    expect(await place({ flavor: 'taro', toppings: ['boba'] })).toEqual({ code: 'SOLD_OUT' })
    expect(await place({ flavor: 'taro' })).toHaveProperty('order')

    await liftExpired(api.orm, api.log, new Date(Date.now() + 59 * 60_000))
    expect(await stage(call, ['boba']), 'not before its time').toMatchObject({ ok: false })
    await liftExpired(api.orm, api.log, new Date(Date.now() + 61 * 60_000))
    await listener.until('MENU_CHANGED')
    expect(await stage(call, ['boba'])).toMatchObject({ ok: true })
    await listener.stop()
  })

  test('until somebody puts it back does not come back by itself', async () => {
    const boba = items.get('boba')!
    await setAvailable(boba, false, 'ONE_HOUR')
    expect(await setAvailable(boba, false)).toEqual({ available: false, soldOutUntil: null })
    await liftExpired(api.orm, api.log, new Date(Date.now() + 100 * 24 * 3_600_000))
    expect(await place({ flavor: 'taro', toppings: ['boba'] })).toEqual({ code: 'SOLD_OUT' })
    expect(await setAvailable(boba, true, 'ONE_HOUR')).toEqual({ available: true, soldOutUntil: null })
  })
})

test('a pause refuses callers and programs, and is over by itself or when somebody ends it', async () => {
  const call = await phoneCall(api, voice)
  const paused = await pause(true, 'FIFTEEN_MINUTES')
  expect(paused.orderingPaused).toBe(true)
  expect(minutesTo(paused.pausedUntil)).toBe(15)
  expect(await stage(call, [])).toMatchObject({ ok: false, code: 'ORDERING_PAUSED' })
  expect(await place({ flavor: 'taro' })).toEqual({ code: 'ORDERING_PAUSED' })
  expect((await call.run('menuSummary')).summary).toContain('We take no new orders right now.')
  const longer = await pause(true, 'UNTIL_LIFTED')
  expect(longer).toMatchObject({ orderingPaused: true, pausedUntil: null })
  await pause(true, 'FIFTEEN_MINUTES')
  await liftExpired(api.orm, api.log, new Date(Date.now() + 16 * 60_000))
  expect(await shopNow()).toMatchObject({ orderingPaused: false, pausedUntil: null })
  expect(await stage(call, [])).toMatchObject({ ok: true })
})

test('a delay is promised to callers and programs until it is over', async () => {
  const call = await phoneCall(api, voice)
  await stage(call, [])
  expect((await place({ flavor: 'taro' })).order!.promisedAt, 'nothing is promised on a usual day').toBeNull()
  const before = (await shopNow()).waitMinutes
  const delayed = await change('delayOrdering(input: { minutes: 20, period: THIRTY_MINUTES })')
  expect(delayed).toMatchObject({ delayMinutes: 20 })
  expect(minutesTo(delayed.delayedUntil)).toBe(30)
  expect(delayed.waitMinutes).toBe(before + 20)
  const { order } = await place({ flavor: 'taro' })
  const promised = (Date.parse(order!.promisedAt!) - Date.parse(order!.createdAt)) / 60_000
  expect(Math.round(promised)).toBe(delayed.waitMinutes)
  const { data } = await api.ask<{ checkout: { waitMinutes: number } }>(
    `mutation { checkout: checkoutOrder(call: "${call.id}", request: "r1", phone: "555-123-4567") { waitMinutes } }`,
    {},
    voice,
  )
  expect(data.checkout.waitMinutes).toBeGreaterThanOrEqual(delayed.waitMinutes!)
  expect((await call.run('menuSummary')).summary).toContain('20 minutes longer than usual')
  await liftExpired(api.orm, api.log, new Date(Date.now() + 31 * 60_000))
  expect(await shopNow()).toMatchObject({ delayMinutes: 0, delayedUntil: null })
  expect((await place({ flavor: 'taro' })).order!.promisedAt).toBeNull()
})

test.each([
  ['delayOrdering(input: { minutes: -1 })', 'BAD_DELAY', 'A delay is 0 to 120 minutes.', 'minutes'],
  ['delayOrdering(input: { minutes: 121 })', 'BAD_DELAY', 'Pause ordering for longer.', 'minutes'],
  [
    'updateShop(input: { warnAfterMinutes: 0 })',
    'BAD_THRESHOLDS',
    'Give two such numbers.',
    'warnAfterMinutes',
  ],
  [
    'updateShop(input: { warnAfterMinutes: 10 })',
    'BAD_THRESHOLDS',
    'Give two such numbers.',
    'warnAfterMinutes',
  ],
  [
    'updateShop(input: { lateAfterMinutes: 241 })',
    'BAD_THRESHOLDS',
    'Give two such numbers.',
    'lateAfterMinutes',
  ],
  [
    'updateShop(input: { lateAfterMinutes: 1 })',
    'BAD_THRESHOLDS',
    'Give two such numbers.',
    'lateAfterMinutes',
  ],
  [
    'updateShop(input: { warnAfterMinutes: 7, lateAfterMinutes: 7 })',
    'BAD_THRESHOLDS',
    'Give two such numbers.',
    'warnAfterMinutes',
  ],
])('%s is refused', async (mutation, code, words, field) => {
  const before = await shopNow()
  const message = expect.stringContaining(words) as string
  expect(await change(mutation)).toMatchObject({ code, message, path: ['input', field] })
  expect(await shopNow()).toEqual(before)
})

test('the ages at which orders are late are the shop’s', async () => {
  expect(await shopNow()).toMatchObject({ warnAfterMinutes: 5, lateAfterMinutes: 10 })
  const listener = listen(api, { field: 'orderEvents', key: await api.key('orders:read') })
  await listener.beat()
  expect(await change('updateShop(input: { warnAfterMinutes: 4, lateAfterMinutes: 8 })')).toMatchObject({
    warnAfterMinutes: 4,
    lateAfterMinutes: 8,
  })
  expect(await listener.next()).toMatchObject({ type: 'SHOP_CHANGED', order: null })
  await listener.stop()
})

test('what is over is lifted without anybody asking for it', async () => {
  const boba = items.get('boba')!
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 2 * 3_600_000 })
  try {
    await setAvailable(boba, false, 'ONE_HOUR')
  } finally {
    vi.useRealTimers()
  }
  const stop = keepLifting(api.orm, api.log, pino({ level: 'silent' }))
  const toppings = { flavor: 'taro', toppings: ['boba'] }
  await expect.poll(async () => (await place(toppings)).order, { timeout: 10_000 }).toBeDefined()
  await stop()
})
