import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startApi, type TestApi } from '../support/api.ts'
import { move, placeOrder } from '../support/orders.ts'
import { phoneCall } from '../support/phone-call.ts'

let api: TestApi
let staff: string
let voice: string
beforeAll(async () => {
  api = await startApi()
  staff = await api.signIn()
  voice = await api.key('calls:write')
})
afterAll(() => api.close())

/** Something that happens at a time of the shop's day, which is that of Los Angeles. */
async function at<T>(time: string, work: () => Promise<T>): Promise<T> {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse(`${time}-08:00`) })
  try {
    return await work()
  } finally {
    vi.useRealTimers()
  }
}

async function day(date: string | null, as = staff) {
  return api.ask<{ day: Record<string, unknown> }>(
    `query ($date: LocalDate) { day(date: $date) {
      date orders cancelled drinks revenue { amount } medianPreparationSeconds p90PreparationSeconds
      calls callsOrdered callsAbandoned
      hours { hour orders drinks calls callsOrdered medianPreparationSeconds }
    } }`,
    { date },
    as,
  )
}

/** The staff's session is as old as the test, so a program places what was placed long ago. */
async function order(time: string, cups: number, secondsToReady: number | null): Promise<string> {
  const key = await api.key('orders:write', 'orders:read')
  const drinks = Array.from({ length: cups }, () => ({ flavor: 'taro' }))
  const { id } = await at(time, () => placeOrder(api, key, drinks))
  if (secondsToReady !== null) {
    const ready = new Date(Date.parse(`${time}Z`) + secondsToReady * 1_000).toISOString().replace('.000Z', '')
    await at(ready, () => move(api, key, 'markOrderReady', id))
  }
  return id
}

test('a day is counted from midnight to midnight by the shop’s clock', async () => {
  await order('2026-02-10T23:59:59', 1, 60)
  await order('2026-02-11T00:00:00', 2, 100)
  await order('2026-02-11T12:10:00', 1, 300)
  await order('2026-02-11T12:20:00', 3, 200)
  await order('2026-02-11T12:59:00', 1, null)
  const cancelled = await order('2026-02-11T13:00:00', 4, null)
  await move(api, staff, 'cancelOrder', cancelled)
  await order('2026-02-12T00:00:00', 1, 60)

  const ordered = await at('2026-02-11T12:00:00', () => phoneCall(api, voice))
  await at('2026-02-11T12:01:00', async () => {
    await ordered.run('addToCart', { drink: { flavor: 'black', toppings: ['boba'] } })
    await ordered.run('checkoutOrder', { phone: '555-123-4567' })
  })
  const left = await at('2026-02-11T18:00:00', () => phoneCall(api, voice))
  await left.run('addToCart', { drink: { flavor: 'black' } })
  const asked = await at('2026-02-11T18:30:00', () => phoneCall(api, voice))
  for (const call of [ordered, left, asked]) {
    await at('2026-02-11T19:00:00', () =>
      api.ask(
        'mutation ($input: EndCallInput!) { endCall(input: $input) { id } }',
        { input: { call: call.id, reason: 'CALLER_HUNG_UP' } },
        voice,
      ),
    )
  }

  const { data } = await day('2026-02-11')
  const hour = { drinks: 0, orders: 0, calls: 0, callsOrdered: 0, medianPreparationSeconds: null }
  expect(data.day).toEqual({
    date: '2026-02-11',
    orders: 5,
    cancelled: 1,
    drinks: 8,
    // Seven at 5.50 and one at 6.25.
    revenue: { amount: '44.75' },
    medianPreparationSeconds: 200,
    p90PreparationSeconds: 300,
    calls: 3,
    callsOrdered: 1,
    callsAbandoned: 1,
    hours: [
      { ...hour, hour: 0, orders: 1, drinks: 2, medianPreparationSeconds: 100 },
      { hour: 12, orders: 4, drinks: 6, calls: 1, callsOrdered: 1, medianPreparationSeconds: 200 },
      { ...hour, hour: 18, calls: 2 },
    ],
  })
})

test('a day without anything has nothing, and today is the day of the shop', async () => {
  const { data } = await day('2001-01-01')
  expect(data.day).toMatchObject({
    orders: 0,
    hours: [],
    medianPreparationSeconds: null,
    revenue: { amount: '0.00' },
  })
  const here = new Intl.DateTimeFormat('en-CA', { timeZone: 'America/Los_Angeles' }).format()
  expect((await day(null)).data.day).toMatchObject({ date: here })
})

test('a day on which the clocks change has all its hours', async () => {
  // 2026-03-08 has no hour 2 there: 23:30 is 22.5 hours after midnight.
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-03-08T23:30:00-07:00') })
  try {
    await placeOrder(api, await api.key('orders:write'))
  } finally {
    vi.useRealTimers()
  }
  expect((await day('2026-03-08')).data.day).toMatchObject({ orders: 1, hours: [{ hour: 23 }] })
  expect((await day('2026-03-09')).data.day).toMatchObject({ orders: 0 })
})

test('what is no day is refused, and so is who may not read orders', async () => {
  expect((await day('yesterday')).errors![0]!.extensions.code).toBe('BAD_USER_INPUT')
  expect((await day(null, voice)).errors![0]!.extensions.code).toBe('FORBIDDEN')
})

test('days and times that a database cannot keep are refused as input', async () => {
  for (const date of ['0001-01-01', '1999-12-31', '9999-12-31']) {
    const { errors } = await day(date)
    expect(errors).toEqual([expect.objectContaining({ path: ['day'] })])
    expect(errors![0]!.extensions.code).toBe('BAD_USER_INPUT')
  }
  expect((await day('9998-12-31')).data.day.orders).toBe(0)
  const before = (createdBefore: string) =>
    api.ask<{ orders: { nodes: object[] } }>(
      'query ($before: DateTime) { orders(first: 1, filter: { createdBefore: $before }) { nodes { id } } }',
      { before: createdBefore },
      staff,
    )
  for (const time of ['9999-12-31T23:59:59-12:00', '0000-01-01T00:00:00Z']) {
    expect((await before(time)).errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT')
  }
  expect((await before('9999-12-31T23:59:59Z')).data.orders.nodes).toHaveLength(1)
})
