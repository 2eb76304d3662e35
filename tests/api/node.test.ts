import { afterAll, beforeAll, expect, test } from 'vitest'
import { startApi, type TestApi } from '../support/api.ts'
import { placeOrder } from '../support/orders.ts'
import { phoneCall } from '../support/phone-call.ts'
import { startReceiver } from '../support/webhook-receiver.ts'
import { registerWebhook, webhookState } from '../support/webhooks.ts'

let api: TestApi
beforeAll(async () => {
  api = await startApi({ webhooks: { allowPrivate: true, poll: 50 } })
})
afterAll(() => api.close())

const node = (id: string, as?: string) =>
  api.ask<{ node: Record<string, unknown> | null }>(
    `query ($id: ID!) { node(id: $id) {
      __typename id
      ... on Order { number }
      ... on OrderItem { flavor price { amount } }
      ... on Sms { kind }
      ... on MenuItem { name price { amount } }
      ... on Shop { name }
      ... on Call { outcome callerEnding }
      ... on Webhook { url deliveries(first: 1) { nodes { id } } }
      ... on WebhookDelivery { type attempts { outcome } }
    } }`,
    { id },
    as,
  )

test('anything can be read anew by its id, by those who may read things of its kind', async () => {
  const orders = await api.key('orders:read', 'orders:write')
  const calls = await api.key('calls:read', 'calls:write')
  const { id, number } = await placeOrder(api, orders)
  const parts = () =>
    api.ask<{ order: { items: { id: string }[]; texts: { id: string }[] } }>(
      'query ($id: ID!) { order(id: $id) { items { id } texts { id } } }',
      { id },
      orders,
    )
  await expect.poll(async () => (await parts()).data.order.texts.length).toBe(1)
  const { items, texts } = (await parts()).data.order
  const { data } = await api.ask<{ menu: { shop: { id: string }; items: { id: string }[] } }>(
    '{ menu { shop { id } items { id } } }',
  )
  const call = await phoneCall(api, calls, { from: '+15557654321' })

  for (const [each, key, expected] of [
    [id, orders, { __typename: 'Order', number }],
    [items[0]!.id, orders, { __typename: 'OrderItem', flavor: 'taro milk tea', price: { amount: '5.50' } }],
    [texts[0]!.id, orders, { __typename: 'Sms', kind: 'ORDER_RECEIVED' }],
    [data.menu.items[0]!.id, undefined, { __typename: 'MenuItem', name: 'taro milk tea' }],
    [data.menu.shop.id, undefined, { __typename: 'Shop', name: 'BobaRista' }],
    [call.id, calls, { __typename: 'Call', outcome: 'LIVE', callerEnding: null }],
  ] as const) {
    expect((await node(each, key)).data.node).toMatchObject({ id: each, ...expected })
  }
  for (const none of ['', 'zzz', 'ord_none', 'item_none', 'call']) {
    expect(await node(none, orders), none).toMatchObject({ data: { node: null } })
    expect((await node(none, orders)).errors, none).toBeUndefined()
  }
  for (const id of [items[0]!.id, texts[0]!.id, call.id]) {
    expect((await node(id)).errors![0]!.extensions.code).toBe('UNAUTHENTICATED')
  }
  expect((await node(call.id, orders)).errors![0]!.extensions.code).toBe('FORBIDDEN')
  expect((await node(id, calls)).errors![0]!.extensions.code).toBe('FORBIDDEN')
})

test('a webhook and its deliveries are there for the key that has registered it, and for no other', async () => {
  const receiver = await startReceiver()
  const own = await api.key('webhooks:write', 'orders:read', 'orders:write')
  const other = await api.key('webhooks:write', 'orders:read', 'orders:write')
  const url = `${receiver.url}/hook`
  const { id } = await registerWebhook(api, own, { url })
  await placeOrder(api, own)
  const msg = (await receiver.next()).id
  const status = async () => (await webhookState(api, own, id)).deliveries.nodes[0]!.status
  await expect.poll(status, { timeout: 20_000 }).toBe('DELIVERED')

  const webhook = { __typename: 'Webhook', id, url, deliveries: { nodes: [{ id: msg }] } }
  const delivery = { __typename: 'WebhookDelivery', id: msg, type: 'ORDER_CREATED' }
  expect((await node(id, own)).data.node).toEqual(webhook)
  expect((await node(msg, own)).data.node).toEqual({ ...delivery, attempts: [{ outcome: 'DELIVERED' }] })
  for (const each of [id, msg]) {
    expect(await node(each, other)).toMatchObject({ data: { node: null } })
    expect((await node(each, await api.signIn())).errors![0]!.extensions.code).toBe('FORBIDDEN')
    expect((await node(each)).errors![0]!.extensions.code).toBe('UNAUTHENTICATED')
  }
  await receiver.close()
})

test.each([
  'hook_none',
  'msg_none',
  'ord_none',
  'item_',
  'thing_123',
  'constructor_1',
  '__proto___',
  'CA0',
  '',
])('"%s" is nothing', async id => {
  const { data, errors } = await node(id, await api.key('orders:read', 'calls:read', 'webhooks:write'))
  expect(errors).toBeUndefined()
  expect(data.node).toBeNull()
})
