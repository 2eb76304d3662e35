import { afterAll, beforeAll, expect, test } from 'vitest'
import { startApi, type TestApi } from '../support/api.ts'
import { type PhoneCall, phoneCall } from '../support/phone-call.ts'

let api: TestApi
let voice: string
beforeAll(async () => {
  api = await startApi()
  voice = await api.key('calls:write', 'calls:read')
})
afterAll(() => api.close())

/** → the requests whose effect stays */
const cancel = async ({ id }: PhoneCall, ...requests: string[]) =>
  (
    await api.ask<{ stay: string[] }>(
      'mutation ($input: CancelFunctionsInput!) { stay: cancelFunctions(input: $input) }',
      { input: { call: id, requests } },
      voice,
    )
  ).data.stay

const flavors = async (call: PhoneCall) => {
  const { items, pendingItem } = await call.run('cart')
  return { cart: items.map(({ flavor }) => flavor), staged: pendingItem?.flavor ?? null }
}

const taro = { drink: { flavor: 'taro' } }

test('a function that is cancelled after its effect leaves none', async () => {
  const call = await phoneCall(api, voice)
  await call.run('addToCart', taro, 'call_1')
  expect(await cancel(call, 'call_1')).toEqual([])
  expect(await flavors(call)).toEqual({ cart: [], staged: null })
})

test('a function that is cancelled before it comes has no effect, and says so', async () => {
  const call = await phoneCall(api, voice)
  expect(await cancel(call, 'call_1')).toEqual([])
  expect(await call.run('addToCart', taro, 'call_1')).toMatchObject({
    ok: false,
    code: 'CANCELLED',
    staged: false,
  })
  expect(await flavors(call)).toEqual({ cart: [], staged: null })
})

test('several are taken back together, in whatever order they are named', async () => {
  const call = await phoneCall(api, voice)
  await call.run('addToCart', taro)
  await call.run('confirmPendingToCart', {}, 'call_1')
  await call.run('addToCart', { drink: { flavor: 'black milk tea' } }, 'call_2')
  expect(await cancel(call, 'call_1', 'call_2')).toEqual([])
  expect(await flavors(call)).toEqual({ cart: [], staged: 'taro milk tea' })
})

test('what a function that stands has built on stays', async () => {
  const call = await phoneCall(api, voice)
  await call.run('addToCart', taro, 'call_1')
  await call.run('confirmPendingToCart')
  expect(await cancel(call, 'call_1')).toEqual(['call_1'])
  expect(await flavors(call)).toEqual({ cart: ['taro milk tea'], staged: null })
})

test('a number and a goodbye are taken back too', async () => {
  const call = await phoneCall(api, voice)
  await call.run('savePhoneNumber', { phone: '555-123-4567' }, 'call_1')
  await call.run('sayGoodbye', {}, 'call_2')
  expect(await cancel(call, 'call_1', 'call_2')).toEqual([])
  const { data } = await api.ask(
    'query ($id: ID!) { call(id: $id) { phone intent functions { name cancelled } } }',
    { id: call.id },
    voice,
  )
  expect(data).toMatchObject({
    call: {
      phone: null,
      intent: 'TALKING',
      functions: [
        { name: 'savePhoneNumber', cancelled: true },
        { name: 'sayGoodbye', cancelled: true },
      ],
    },
  })
})

test('an order that was placed stands: board, console and guest were told of it', async () => {
  const call = await phoneCall(api, voice, { from: '+15557654321' })
  await call.run('addToCart', taro)
  await call.run('checkoutOrder', { phone: 'caller id' }, 'call_1')
  expect(await cancel(call, 'call_1')).toEqual(['call_1'])
  expect(await call.run('orderIsPlaced')).toMatchObject({ placed: true })
})

test('a call that is not known has nothing to take back', async () => {
  const nobody = { id: 'CAnone' } as PhoneCall
  expect(await cancel(nobody, 'call_1')).toEqual([])
})
