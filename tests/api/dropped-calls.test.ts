import { afterAll, beforeAll, expect, test } from 'vitest'
import { Call } from '../../api/calls/call.entity.ts'
import { endForgotten } from '../../api/retention.ts'
import { startApi, type TestApi } from '../support/api.ts'
import { newId, phoneCall } from '../support/phone-call.ts'

let api: TestApi
let voice: string
beforeAll(async () => {
  api = await startApi()
  voice = await api.key('calls:write', 'calls:read')
})
afterAll(() => api.close())

let guests = 0
/** A number nobody has called from. */
const newGuest = () => `+1555123${String((guests += 1)).padStart(4, '0')}`

interface Found {
  id: string
  outcome: string
  endReason: string | null
  resumes: string | null
  resumedBy: string | null
  phone: string | null
  cart: { flavor: string }[]
  pendingItem: { flavor: string } | null
}

const fields = 'id outcome endReason resumes resumedBy phone cart { flavor } pendingItem { flavor }'

const find = async (id: string) =>
  (await api.ask<{ call: Found }>(`query ($id: ID!) { call(id: $id) { ${fields} } }`, { id }, voice)).data
    .call

const comesIn = async (from: string | null) =>
  (
    await api.ask<{ call: Found }>(
      `mutation ($input: StartCallInput!) { call: startCall(input: $input) { ${fields} } }`,
      { input: { callSid: newId('CA'), from } },
      voice,
    )
  ).data.call

const ends = (id: string, reason = 'CALLER_HUNG_UP') =>
  api.ask(
    'mutation ($input: EndCallInput!) { endCall(input: $input) { id } }',
    { input: { call: id, reason } },
    voice,
  )

/** As if it had ended so many minutes ago. */
const endedBefore = (id: string, minutes: number) =>
  api.orm.em.fork().nativeUpdate(Call, id, {
    endedAt: new Date(Date.now() - minutes * 60_000),
    endReason: 'FAILED' as never,
  })

/** A call with one drink in the cart and one staged. */
async function choosing(from: string | undefined) {
  const call = await phoneCall(api, voice, from === undefined ? {} : { from })
  await call.run('addToCart', { drink: { flavor: 'taro', toppings: ['boba'] } })
  await call.run('confirmPendingToCart')
  await call.run('addToCart', { drink: { flavor: 'black milk tea' } })
  return call
}

const draft = { cart: [{ flavor: 'taro milk tea' }], pendingItem: { flavor: 'black milk tea' } }

test('who was cut off and calls back goes on with the drinks', async () => {
  const from = newGuest()
  const first = await choosing(from)
  await first.run('savePhoneNumber', { phone: '555-987-6543' })
  await ends(first.id)
  expect(await find(first.id)).toMatchObject({ outcome: 'DROPPED', resumedBy: null, ...draft })
  const second = await comesIn(from)
  expect(second).toMatchObject({ ...draft, outcome: 'LIVE', resumes: first.id, phone: '+15559876543' })
  expect(await find(first.id)).toMatchObject({ outcome: 'RESUMED', resumedBy: second.id, ...draft })
  const call = await phoneCall(api, voice, { id: second.id })
  expect(await call.run('checkoutOrder')).toMatchObject({ ok: true, items: { length: 2 } })
})

test('a line that breaks twice loses nothing', async () => {
  const from = newGuest()
  const first = await choosing(from)
  await ends(first.id, 'AGENT_LOST')
  const second = await comesIn(from)
  await ends(second.id, 'SHUTDOWN')
  expect(await comesIn(from)).toMatchObject({ ...draft, resumes: second.id })
})

test('ten minutes later it is an abandoned call, with its drinks and its reason', async () => {
  const from = newGuest()
  const first = await choosing(from)
  await endedBefore(first.id, 10.1)
  expect(await comesIn(from)).toMatchObject({ cart: [], pendingItem: null, resumes: null })
  expect(await find(first.id)).toMatchObject({ outcome: 'ABANDONED', endReason: 'FAILED', ...draft })
  const again = await choosing(from)
  await endedBefore(again.id, 9.9)
  expect(await comesIn(from)).toMatchObject(draft)
})

test.each(['GOODBYE', 'TRANSFERRED'])('after the end %s nothing is taken up again', async reason => {
  const from = newGuest()
  const first = await choosing(from)
  await ends(first.id, reason)
  expect(await comesIn(from)).toMatchObject({ cart: [], resumes: null })
})

test('a call that goes on is left alone, and so is another number', async () => {
  const from = newGuest()
  const first = await choosing(from)
  expect(await comesIn(from)).toMatchObject({ cart: [], resumes: null })
  await ends(first.id)
  expect(await comesIn(newGuest())).toMatchObject({ cart: [], resumes: null })
})

test('callers without a number never get the drinks of one another', async () => {
  const first = await choosing(undefined)
  await ends(first.id)
  expect(await comesIn(null)).toMatchObject({ cart: [], resumes: null })
  expect(await comesIn('+266696687')).toMatchObject({ cart: [], resumes: null })
})

test('an order stands, and what came before it is not offered again', async () => {
  const from = newGuest()
  const dropped = await choosing(from)
  await endedBefore(dropped.id, 5)
  const ordering = await comesIn(from)
  const call = await phoneCall(api, voice, { id: ordering.id })
  const { orderNumber } = await call.run('checkoutOrder', { phone: 'caller id' })
  await call.run('addToCart', { drink: { flavor: 'taro' } })
  await ends(ordering.id)
  expect(await find(ordering.id)).toMatchObject({ outcome: 'ORDERED' })
  expect(await comesIn(from)).toMatchObject({ cart: [], pendingItem: null, resumes: null })
  expect(await call.run('orderIsPlaced')).toMatchObject({ placed: true, orderNumber })
})

test('of two calls at the same moment one goes on with the drinks', async () => {
  const from = newGuest()
  const first = await choosing(from)
  await ends(first.id)
  const calls = await Promise.all(Array.from({ length: 6 }, () => comesIn(from)))
  expect(calls.filter(({ cart }) => cart.length > 0)).toHaveLength(1)
  expect(calls.filter(({ resumes }) => resumes === first.id)).toHaveLength(1)
})

test('a function of the call that broke off comes too late once it was taken up', async () => {
  const from = newGuest()
  const first = await choosing(from)
  await ends(first.id)
  const second = await comesIn(from)
  expect(await first.run('checkoutOrder', { phone: 'caller id' })).toMatchObject({
    ok: false,
    code: 'CALL_RESUMED',
  })
  expect(await find(second.id)).toMatchObject(draft)
})

test('a call without drinks came to nothing', async () => {
  const from = newGuest()
  const { id } = await comesIn(from)
  expect(await find(id)).toMatchObject({ outcome: 'LIVE' })
  await ends(id)
  expect(await find(id)).toMatchObject({ outcome: 'NOTHING' })
})

test('a call that nobody has ended is ended a day later', async () => {
  const [old, young] = [await choosing(newGuest()), await choosing(newGuest())]
  const em = api.orm.em.fork()
  const yesterday = new Date(Date.now() - 25 * 3_600_000)
  await em.nativeUpdate(Call, old.id, { startedAt: yesterday })
  expect(await endForgotten(em, new Date(Date.now() - 24 * 3_600_000))).toBe(1)
  expect(await find(old.id)).toMatchObject({ endReason: 'FAILED' })
  expect(await find(young.id)).toMatchObject({ outcome: 'LIVE', endReason: null })
})
