import { afterAll, beforeAll, expect, test } from 'vitest'
import { newId as newRowId } from '../../api/ids.ts'
import { Shop } from '../../api/shops/shop.entity.ts'
import { startApi, type TestApi } from '../support/api.ts'
import { newId, phoneCall } from '../support/phone-call.ts'

let api: TestApi
let voice: string
let staff: string
beforeAll(async () => {
  api = await startApi()
  voice = await api.key('calls:write')
  staff = await api.signIn()
})
afterAll(() => api.close())

interface Call {
  id: string
  from: string | null
  phone: string | null
  shop: { name: string }
  intent: string
  transferReason: string | null
  endedAt: string | null
  endReason: string | null
  cart: { flavor: string }[]
  cartTotal: { amount: string }
  order: { number: string; phone: string | null; total: { amount: string } } | null
  menu: { flavors: { name: string; requires: null }[]; addOns: { requires: { name: string } }[] }
}

const fields = `id from phone shop { name } intent transferReason endedAt endReason cart { flavor }
  cartTotal { amount } order { number phone total { amount } }
  menu { flavors { name } addOns { requires { name price { amount } } } }`

const start = async (input: object) =>
  (
    await api.ask<{ startCall: Call }>(
      `mutation ($input: StartCallInput!) { startCall(input: $input) { ${fields} } }`,
      { input },
      voice,
    )
  ).data.startCall

const end = (call: string, reason: string) =>
  api.ask<{ endCall: Call }>(
    `mutation ($input: EndCallInput!) { endCall(input: $input) { ${fields} } }`,
    { input: { call, reason } },
    voice,
  )

const find = async (id: string, as = staff) =>
  (await api.ask<{ call: Call | null }>(`query ($id: ID!) { call(id: $id) { ${fields} } }`, { id }, as)).data
    .call

test('a call that comes in brings the menu and an empty cart', async () => {
  const callSid = newId('CA')
  expect(await start({ callSid, from: '+15557654321', to: '+15550001111' })).toMatchObject({
    id: callSid,
    from: '+15557654321',
    shop: { name: 'BobaRista' },
    intent: 'TALKING',
    cart: [],
    cartTotal: { amount: '0.00' },
    order: null,
    menu: {
      flavors: [{ name: 'taro milk tea' }, { name: 'black milk tea' }],
      addOns: [{ requires: { name: 'vanilla cream' } }],
    },
  })
})

test('the same CallSid is the same call, also at the same moment', async () => {
  const callSid = newId('CA')
  const calls = await Promise.all(Array.from({ length: 5 }, () => start({ callSid, from: '+15557654321' })))
  expect(new Set(calls.map(({ id }) => id))).toEqual(new Set([callSid]))
  const call = await phoneCall(api, voice, { id: callSid })
  await call.run('addToCart', { drink: { flavor: 'taro' } })
  await call.run('confirmPendingToCart')
  expect(await start({ callSid })).toMatchObject({
    from: '+15557654321',
    cart: [{ flavor: 'taro milk tea' }],
  })
})

test('the number that was called tells which shop', async () => {
  const em = api.orm.em.fork()
  await em.insert(Shop, {
    id: newRowId('shop'),
    name: 'Second',
    phone: '+15550002222',
    region: 'US',
    currency: 'USD',
    timezone: 'America/New_York',
    orderingPaused: false,
    eventSeq: 0,
    createdAt: new Date(Date.now() + 1_000),
  })
  expect((await start({ callSid: newId('CA'), to: '+15550002222' })).shop.name).toBe('Second')
  expect((await start({ callSid: newId('CA'), to: '+15550003333' })).shop.name).toBe('BobaRista')
  expect((await start({ callSid: newId('CA') })).shop.name).toBe('BobaRista')
})

test.each(['+266696687', 'anonymous', 'client:browser', '', null])(
  'caller ID "%s" is no number to text',
  async from => {
    expect((await start({ callSid: newId('CA'), from })).from).toBeNull()
  },
)

test('a CallSid that is none is refused', async () => {
  const { errors } = await api.ask(
    'mutation { startCall(input: { callSid: "../../etc" }) { id } }',
    {},
    voice,
  )
  expect(errors![0]!.extensions.code).toBe('BAD_USER_INPUT')
})

test('the first reason a call ended for stays', async () => {
  const { id } = await phoneCall(api, voice)
  expect((await end(id, 'CALLER_HUNG_UP')).data.endCall).toMatchObject({
    endReason: 'CALLER_HUNG_UP',
    endedAt: expect.any(String),
  })
  expect((await end(id, 'SHUTDOWN')).data.endCall).toMatchObject({ endReason: 'CALLER_HUNG_UP' })
  expect((await end('CAnone', 'GOODBYE')).errors![0]!.extensions.code).toBe('BAD_USER_INPUT')
})

test('how a call shall end is kept for the voice process', async () => {
  const call = await phoneCall(api, voice)
  expect(await call.run('transferToStaff', { reason: 'wants a cake' })).toMatchObject({
    ok: true,
    intent: 'TRANSFER',
  })
  expect(await find(call.id)).toMatchObject({ intent: 'TRANSFER', transferReason: 'wants a cake' })
  expect(await call.run('sayGoodbye')).toMatchObject({ ok: true, intent: 'GOODBYE' })
  expect(await find(call.id)).toMatchObject({ intent: 'GOODBYE', transferReason: null })
})

test('staff see calls with what came of them, newest first', async () => {
  const call = await phoneCall(api, voice, { from: '+15557654321' })
  await call.run('addToCart', { drink: { flavor: 'taro' } })
  const { orderNumber } = await call.run('checkoutOrder', { phone: 'caller id' })
  const quiet = await phoneCall(api, voice)
  const calls = async (as: string) =>
    (
      await api.ask<{ calls: { nodes: Call[]; pageInfo: { hasNextPage: boolean } } }>(
        `{ calls(first: 2) { nodes { ${fields} } pageInfo { hasNextPage } } }`,
        {},
        as,
      )
    ).data.calls
  expect(await calls(staff)).toMatchObject({
    nodes: [
      { id: quiet.id, order: null },
      {
        id: call.id,
        from: '+15557654321',
        phone: '+15557654321',
        order: { number: orderNumber, phone: '+15557654321', total: { amount: '5.50' } },
      },
    ],
    pageInfo: { hasNextPage: true },
  })
  const blind = await api.key('calls:read')
  expect((await calls(blind)).nodes[1]).toMatchObject({ from: null, phone: null, order: null })
  const reader = await api.key('calls:read', 'orders:read')
  expect((await calls(reader)).nodes[1]).toMatchObject({ from: null, phone: null, order: { phone: null } })
  expect(await find('CAnone')).toBeNull()
})

test('what a caller said and keyed in is for those who may know numbers; others read the rest of the page', async () => {
  const call = await phoneCall(api, voice)
  await call.run('savePhoneNumber', { phone: '555-123-4567' })
  await call.run('transferToStaff', { reason: 'wants a call back at 555-123-4567' })
  await api.ask(
    `mutation ($call: ID!) {
      recordWords(
        input: { call: $call, from: 0, said: [{ speaker: CALLER, text: "my number is 555-123-4567" }] }
      )
    }`,
    { call: call.id },
    voice,
  )
  const read = async (as: string) =>
    api.ask<{ call: object }>(
      `query ($id: ID!) {
        call(id: $id) { transcript { speaker text } transferReason functions { name arguments answer } }
      }`,
      { id: call.id },
      as,
    )
  const hidden = await read(await api.key('calls:read'))
  expect(hidden.errors).toBeUndefined()
  expect(hidden.data.call).toEqual({
    transcript: [{ speaker: 'CALLER', text: null }],
    transferReason: null,
    functions: ['savePhoneNumber', 'transferToStaff'].map(name => ({ name, arguments: null, answer: null })),
  })
  expect(JSON.stringify((await read(await api.key('calls:read', 'orders:pii'))).data)).toContain(
    'my number is 555-123-4567',
  )
})

test('a page of calls with their functions and menus costs a few statements, however many calls there are', async () => {
  let statements = 0
  const counted = await startApi({ onQuery: () => (statements += 1) })
  try {
    const key = await counted.key('calls:write', 'calls:read')
    for (let index = 0; index < 8; index += 1) {
      const call = await phoneCall(counted, key)
      await call.run('addToCart', { drink: { flavor: 'taro' } })
    }
    // The api has statements of its own now and then; they are not those of the request.
    await expect
      .poll(async () => {
        const before = statements
        const { data } = await counted.ask<{ calls: { nodes: { functions: object[] }[] } }>(
          '{ calls(first: 8) { nodes { functions { name } menu { flavors { name } } } } }',
          {},
          key,
        )
        expect(data.calls.nodes.map(({ functions }) => functions)).toEqual(
          Array.from({ length: 8 }, () => [{ name: 'addToCart' }]),
        )
        return statements - before
      })
      .toBeLessThanOrEqual(6)
  } finally {
    await counted.close()
  }
})
