import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ApiKey } from '../../api/auth/api-key.entity.ts'
import { sha256 } from '../../api/auth/keys.ts'
import { PiiRead } from '../../api/auth/pii-read.entity.ts'
import { EventType } from '../../api/events/event.entity.ts'
import { eraseBefore } from '../../api/retention.ts'
import { shopOf } from '../../api/shops/shop-of.ts'
import type { Address } from '../../api/webhooks/targets.ts'
import { Webhook } from '../../api/webhooks/webhook.entity.ts'
import { WebhookDelivery } from '../../api/webhooks/webhook-delivery.entity.ts'
import { type ApiOptions, databaseUrl, onServer, postgresql, startApi, type TestApi } from '../support/api.ts'
import { move, placeOrder } from '../support/orders.ts'
import { opened, type Received, type Receiver, startReceiver } from '../support/webhook-receiver.ts'
import { askForWebhook, changeWebhook, registerWebhook, webhookState } from '../support/webhooks.ts'

let api: TestApi
let receiver: Receiver
let key: string
const anHour = 3_600_000

beforeEach(async () => {
  receiver = await startReceiver()
})
afterEach(async () => {
  await api.close()
  await receiver.close()
})

/** The machine may be busy: what is waited for comes when it comes. */
const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 20_000, interval: 20 })

/** An api that may post to this machine, in a hurry. */
async function start(webhooks: ApiOptions['webhooks'] = {}, options: ApiOptions = {}): Promise<void> {
  api = await startApi({
    ...options,
    webhooks: { allowPrivate: true, poll: 50, backOff: 10, ...webhooks },
  })
  key = await api.key('webhooks:write', 'orders:read', 'orders:write')
}

const deliveriesOf = async (id: string, as = key) => (await webhookState(api, as, id)).deliveries.nodes

const expectDelivered = (id: string, count: number) =>
  eventually(async () => (await deliveriesOf(id)).filter(({ status }) => status === 'DELIVERED').length).toBe(
    count,
  )

const menuChanges = async (count: number, of = api) => {
  const { id } = await shopOf(of.orm.em.fork())
  await of.log.change(of.orm.em.fork(), async tx => {
    for (let i = 0; i < count; i += 1) await tx.append(id, { type: EventType.MENU_CHANGED })
  })
}

describe('an event', () => {
  test('is posted, signed by the Standard Webhooks scheme, with all but names and phone numbers', async () => {
    await start()
    await placeOrder(api, key)
    const { id, secret } = await registerWebhook(api, key, {
      url: `${receiver.url}/hook`,
      eventTypes: ['ORDER_CREATED', 'ORDER_STATUS_CHANGED'],
    })
    expect(secret).toMatch(/^whsec_[\w+/]{43}=$/)
    const order = await placeOrder(api, key, [{ flavor: 'taro', toppings: ['boba'] }])
    const first = await receiver.next()
    expect(first).toMatchObject({ path: '/hook', headers: { 'content-type': 'application/json' } })
    expect(first.id).toMatch(/^msg_\w+$/)
    expect(opened(first, secret)).toEqual({
      type: 'ORDER_CREATED',
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
      data: {
        type: 'ORDER_CREATED',
        cursor: expect.stringMatching(/^\d+$/),
        at: expect.any(String),
        order: expect.objectContaining({
          id: order.id,
          number: order.number,
          total: { amount: '6.25', currency: 'USD' },
          items: [expect.objectContaining({ flavor: 'taro milk tea', toppings: ['boba'] })],
        }),
      },
    })
    expect(first.body).not.toMatch(/5551234567|Ada/)
    await move(api, key, 'markOrderReady', order.id)
    expect(opened(await receiver.next(), secret)).toMatchObject({
      type: 'ORDER_STATUS_CHANGED',
      data: { order: { status: 'READY' } },
    })
    await expectDelivered(id, 2)
    expect(await deliveriesOf(id)).toMatchObject([
      { type: 'ORDER_STATUS_CHANGED', attempts: [{ outcome: 'DELIVERED', status: 204 }] },
      { id: first.id, type: 'ORDER_CREATED', attempts: [{ durationMs: expect.any(Number) }] },
    ])
    // Neither the order of before, nor what nobody asked for.
    expect(receiver.received).toHaveLength(2)

    const em = api.orm.em.fork()
    const rows = async (table: string) => JSON.stringify(await em.execute(`select * from ${table}`))
    expect(await rows('webhook')).not.toContain(secret.slice(6))
    expect((await rows('webhook')) + (await rows('webhook_delivery'))).not.toMatch(/5551234567|Ada/)
  })

  test('has the shape of the document its integrator has registered, and what its key may read', async () => {
    await start()
    const friend = await api.key('webhooks:write', 'orders:read', 'orders:pii')
    const { id, secret } = await registerWebhook(api, friend, {
      url: receiver.url,
      document: `fragment Mine on OrderEvent { what: type order { ...Guest total { amount } } }
                 fragment Guest on Order { number phone name }`,
    })
    const { number } = await placeOrder(api, key)
    expect(opened(await receiver.next(), secret).data).toEqual({
      what: 'ORDER_CREATED',
      order: { number, phone: '+15551234567', name: 'Ada', total: { amount: '5.50' } },
    })
    const { __typename } = await changeWebhook(api, friend, 'updateWebhook', {
      id,
      url: `${receiver.url}/other`,
      eventTypes: ['SHOP_CHANGED'],
      document: null,
    })
    expect(__typename).toBe('Webhook')
    await placeOrder(api, key)
    await api.ask('mutation { pauseOrdering(paused: true) { id } }', {}, await api.signIn())
    const changed = await receiver.next()
    expect(changed.path).toBe('/other')
    expect(opened(changed, secret).data).toMatchObject({ type: 'SHOP_CHANGED', order: null })
  })

  test('is noted as read where it holds what is personal, and goes to nobody as long as that cannot be', async () => {
    await start()
    const reader = await api.key('webhooks:write', 'orders:read', 'orders:pii')
    const { id } = await registerWebhook(api, reader, {
      url: receiver.url,
      document: 'fragment P on OrderEvent { order { phone name } }',
    })
    const em = api.orm.em.fork()
    await em.execute('alter table pii_read rename to lost')
    const order = await placeOrder(api, key)
    await eventually(async () => (await deliveriesOf(id, reader))[0]?.attempts[0]).toMatchObject({
      outcome: 'INTERNAL_ERROR',
    })
    expect(receiver.received).toEqual([])
    await em.execute('alter table lost rename to pii_read')
    await receiver.next()
    const [read] = await em.find(PiiRead, {})
    const { id: apiKey } = await em.findOneOrFail(ApiKey, { hash: sha256(reader) })
    expect(read).toMatchObject({
      apiKey,
      fields: ['Order.name', 'Order.phone'],
      orders: [order.id],
      count: 2,
    })
  })

  test('comes to each webhook once, and none is left out, however many there are at once', async () => {
    await start()
    const hooks = await Promise.all(
      ['/a', '/b'].map(path =>
        registerWebhook(api, key, { url: receiver.url + path, eventTypes: ['MENU_CHANGED'] }),
      ),
    )
    // More than are read from the log at once.
    await menuChanges(130)
    const seen: Record<string, { id: string; cursor: number }[]> = { '/a': [], '/b': [] }
    for (let i = 0; i < 260; i += 1) {
      const got = await receiver.next()
      const { data } = opened<{ cursor: string }>(got, hooks[got.path === '/a' ? 0 : 1]!.secret)
      seen[got.path]!.push({ id: got.id, cursor: Number(data.cursor) })
    }
    for (const some of Object.values(seen)) {
      const cursors = some.map(({ cursor }) => cursor).toSorted((a, b) => a - b)
      expect(cursors).toEqual(cursors.map((_, i) => cursors[0]! + i))
      expect(cursors).toHaveLength(130)
    }
    expect(new Set(receiver.received.map(({ id }) => id)).size).toBe(260)
  })
})

describe('a target that fails', () => {
  test('is tried again under the same id until it takes the event, and then gets all that has waited', async () => {
    await start()
    const { id, secret } = await registerWebhook(api, key, { url: receiver.url })
    receiver.react({ status: 500 }, 'drop', { status: 429, headers: { 'Retry-After': '0' } })
    await placeOrder(api, key)
    const tries: Received[] = []
    for (let i = 0; i < 4; i += 1) tries.push(await receiver.next())
    expect(new Set(tries.map(({ id: same }) => same)).size).toBe(1)
    for (const each of tries) opened(each, secret)
    await expectDelivered(id, 1)
    const [delivery] = await deliveriesOf(id)
    expect(delivery!.attempts.map(({ outcome, status }) => [outcome, status])).toEqual([
      ['REFUSED', 500],
      ['UNREACHABLE', null],
      ['REFUSED', 429],
      ['DELIVERED', 204],
    ])
    expect(await webhookState(api, key, id)).toMatchObject({ enabled: true, failingSince: null })
  })

  test('for good is given up and shown; what it has missed is sent once it is enabled again', async () => {
    await start({ giveUp: 100 })
    receiver.always('/dead', { status: 503 })
    const { id, secret } = await registerWebhook(api, key, { url: `${receiver.url}/dead` })
    await placeOrder(api, key)
    await eventually(() => webhookState(api, key, id)).toMatchObject({
      enabled: false,
      disabledReason: 'TARGET_FAILED',
      disabledMessage: expect.stringContaining('taken nothing'),
      failingSince: expect.any(String),
    })
    const missed = [await placeOrder(api, key), await placeOrder(api, key)]
    const tried = receiver.received.length
    const [failed] = await deliveriesOf(id)
    expect(failed!.attempts.at(-1)).toMatchObject({ outcome: 'REFUSED', status: 503 })
    expect((await changeWebhook(api, key, 'redeliver', { delivery: failed!.id })).code).toBe(
      'WEBHOOK_DISABLED',
    )

    await changeWebhook(api, key, 'updateWebhook', { id, url: `${receiver.url}/alive` })
    expect(await changeWebhook(api, key, 'enableWebhook', { id })).toMatchObject({ enabled: true })
    const numbers = new Set<string>()
    while (numbers.size < 2) {
      const got = await receiver.next()
      if (got.path !== '/alive') continue
      numbers.add(opened<{ order: { number: string } }>(got, secret).data.order.number)
      if (got.id === failed!.id) numbers.clear()
    }
    expect([...numbers].toSorted()).toEqual(missed.map(({ number }) => number).toSorted())
    expect(receiver.received.filter(({ path }) => path === '/dead')).toHaveLength(tried)
    if (failed!.status === 'FAILED') {
      await changeWebhook(api, key, 'redeliver', { delivery: failed!.id })
      expect((await receiver.next()).id).toBe(failed!.id)
    }
  })

  test('because it is gone is not tried again, and may be enabled without what it has missed', async () => {
    await start()
    const { id } = await registerWebhook(api, key, { url: receiver.url })
    receiver.react({ status: 410 })
    await placeOrder(api, key)
    await receiver.next()
    await eventually(() => webhookState(api, key, id)).toMatchObject({
      enabled: false,
      disabledReason: 'TARGET_GONE',
    })
    await placeOrder(api, key)
    await changeWebhook(api, key, 'enableWebhook', { id, fromNow: true })
    const { number } = await placeOrder(api, key)
    expect(JSON.parse((await receiver.next()).body).data.order.number).toBe(number)
    await eventually(async () => (await deliveriesOf(id)).map(({ status }) => status)).toEqual([
      'DELIVERED',
      'SKIPPED',
    ])
    expect(receiver.received).toHaveLength(2)
  })

  test('on one event only stays enabled, and gets the others', async () => {
    await start()
    const { id } = await registerWebhook(api, key, { url: receiver.url, eventTypes: ['MENU_CHANGED'] })
    let poison: string | undefined
    receiver.reactTo(({ id: came }) => (came === (poison ??= came) ? { status: 400 } : undefined))
    await menuChanges(11)
    await expectDelivered(id, 10)
    const poisoned = async () => (await deliveriesOf(id)).find(({ id: each }) => each === poison)!
    await eventually(async () => (await poisoned()).attempts.length).toBeGreaterThan(1)
    expect((await poisoned()).status).not.toBe('FAILED')
    await api.orm.em.fork().nativeUpdate(WebhookDelivery, { id: poison! }, { until: new Date() })
    await eventually(async () => (await poisoned()).status).toBe('FAILED')
    expect((await webhookState(api, key, id)).enabled).toBe(true)
  })

  test('on one event only is tried again by itself, and holds up none of the others', async () => {
    await start({ backOff: anHour })
    const { id } = await registerWebhook(api, key, { url: receiver.url, eventTypes: ['MENU_CHANGED'] })
    let poison: string | undefined
    receiver.reactTo(({ id: came }) => (came === (poison ??= came) ? { status: 400 } : undefined))
    await menuChanges(1)
    await eventually(async () => (await deliveriesOf(id))[0]?.attempts.length).toBe(1)
    for (let count = 1; count <= 5; count += 1) {
      await menuChanges(1)
      await expectDelivered(id, count)
    }
    expect(receiver.received.filter(({ id: came }) => came === poison)).toHaveLength(1)
  })

  test('on several events makes the others wait, until one is taken', async () => {
    await start({ backOff: 400 })
    const { id } = await registerWebhook(api, key, { url: receiver.url, eventTypes: ['MENU_CHANGED'] })
    receiver.always('/', { status: 503 })
    await menuChanges(20)
    await eventually(async () => (await webhookState(api, key, id)).failingSince).not.toBeNull()
    await eventually(() => receiver.received.length).toBeGreaterThan(5)
    // Four were on their way at once, and one after the other since then.
    expect(new Set(receiver.received.map(({ id: came }) => came)).size).toBeLessThan(10)
    receiver.always('/', { status: 204 })
    await expectDelivered(id, 20)
  })

  test.each([
    ['REDIRECTED', 307, { status: 307, headers: { Location: '/elsewhere' } }],
    ['TIMED_OUT', null, 'hang'],
    ['TIMED_OUT', null, 'drip'],
    ['UNREACHABLE', null, 'switch'],
  ] as const)('is %s (%s) and tells so', async (outcome, status, reaction) => {
    await start({ timeout: 200 })
    const { id } = await registerWebhook(api, key, { url: `${receiver.url}/first` })
    receiver.react(reaction)
    await placeOrder(api, key)
    await expectDelivered(id, 1)
    expect((await deliveriesOf(id))[0]!.attempts).toMatchObject([
      { outcome, status },
      { outcome: 'DELIVERED' },
    ])
    expect(receiver.received.map(({ path }) => path)).toEqual(['/first', '/first'])
  })

  test('because its name takes for ever to be resolved is given up in time too', async () => {
    let silent = false
    const here: Address[] = [{ address: '127.0.0.1', family: 4 }]
    await start({
      timeout: 200,
      resolve: () => (silent ? new Promise<never>(() => {}) : Promise.resolve(here)),
    })
    const { id } = await registerWebhook(api, key, {
      url: receiver.url.replace('127.0.0.1', 'hooks.example'),
    })
    silent = true
    await placeOrder(api, key)
    await eventually(async () => (await deliveriesOf(id))[0]?.attempts[0]).toMatchObject({
      outcome: 'TIMED_OUT',
    })
    silent = false
    await expectDelivered(id, 1)
  })

  test('holds up no other', async () => {
    await start({ timeout: anHour })
    receiver.always('/hanging', 'hang')
    receiver.always('/dripping', 'drip')
    receiver.always('/failing', { status: 500 })
    for (const path of ['/hanging', '/dripping', '/failing'])
      await registerWebhook(api, key, { url: receiver.url + path, eventTypes: ['MENU_CHANGED'] })
    const { id } = await registerWebhook(api, key, {
      url: `${receiver.url}/well`,
      eventTypes: ['MENU_CHANGED'],
    })
    for (let i = 0; i < 10; i += 1) await menuChanges(3)
    await expectDelivered(id, 30)
    // And the shop closes without waiting for them.
  })
})

describe('where a webhook may post to', () => {
  const refused = async (url: string) => (await askForWebhook(api, key, { url })).code

  test('is public and by https', async () => {
    const resolved: Record<string, Address[]> = {
      'public.example': [{ address: '93.184.216.34', family: 4 }],
      'inside.example': [{ address: '10.0.0.7', family: 4 }],
      'half.example': [
        { address: '93.184.216.34', family: 4 },
        { address: 'fd00::7', family: 6 },
      ],
      'mapped.example': [{ address: '::ffff:127.0.0.1', family: 6 }],
      'empty.example': [],
    }
    await start({
      allowPrivate: false,
      resolve: async name => resolved[name] ?? Promise.reject(new Error('ENOTFOUND')),
    })
    for (const host of [
      '127.0.0.1',
      '127.1',
      '2130706433',
      '0x7f000001',
      '0.0.0.0',
      '10.1.2.3',
      '172.16.0.1',
      '192.168.1.1',
      '169.254.169.254',
      '100.64.0.1',
      '224.0.0.1',
      '[::1]',
      '[::]',
      '[fe80::1]',
      '[fd12::1]',
      '[::ffff:10.0.0.1]',
      '[64:ff9b::a00:1]',
      '[2002:7f00:1::]',
      '[::127.0.0.1]',
      '[1::1]',
      '[4000::1]',
      'inside.example',
      'half.example',
      'mapped.example',
    ]) {
      expect([host, await refused(`https://${host}/`)]).toEqual([host, 'FORBIDDEN_ADDRESS'])
    }
    expect(await refused('http://public.example/')).toBe('INSECURE_URL')
    for (const url of ['ftp://public.example/', 'public.example', 'https://', 'javascript:1']) {
      expect(await refused(url)).toBe('BAD_URL')
    }
    for (const url of ['https://me:secret@public.example/', 'https://public.example/#x']) {
      expect(await refused(url)).toBe('BAD_URL')
    }
    expect(await refused(`https://public.example/${'x'.repeat(2_000)}`)).toBe('BAD_URL')
    for (const name of ['nowhere.example', 'empty.example']) {
      expect(await refused(`https://${name}/`)).toBe('UNKNOWN_HOST')
    }
    expect(await refused('https://public.example:8443/hook?shop=1')).toBeUndefined()
    expect(await refused('https://93.184.216.34/')).toBeUndefined()
    expect(await refused('https://[2606:2800:220:1::1]/')).toBeUndefined()
  })

  test('is looked at again with every delivery, where it connects to', async () => {
    let connections = 0
    const inside = createServer(socket => {
      connections += 1
      socket.destroy()
    }).listen(0, '127.0.0.1')
    await once(inside, 'listening')
    const { port } = inside.address() as AddressInfo
    let address = '93.184.216.34'
    await start({ allowPrivate: false, resolve: async () => [{ address, family: 4 }] })
    const { id } = await registerWebhook(api, key, { url: `https://hooks.example:${port}/` })
    address = '127.0.0.1'
    await placeOrder(api, key)
    await eventually(async () => (await deliveriesOf(id))[0]?.attempts).toContainEqual(
      expect.objectContaining({ outcome: 'FORBIDDEN_ADDRESS', status: null }),
    )
    expect(connections).toBe(0)
    const refusal = await changeWebhook(api, key, 'updateWebhook', {
      id,
      url: `https://hooks.example:${port}/`,
    })
    expect(refusal.code).toBe('FORBIDDEN_ADDRESS')
    await api.close()

    // The very same is connected to where that is allowed: nothing else has kept it away.
    await start({ resolve: async () => [{ address, family: 4 }] })
    await registerWebhook(api, key, { url: `https://hooks.example:${port}/` })
    await placeOrder(api, key)
    await eventually(() => connections).toBeGreaterThan(0)
    inside.close()
  })
})

describe('what is registered is checked', () => {
  test('as it will be run', async () => {
    await start()
    for (const [code, document] of [
      ['BAD_DOCUMENT', '{ menu { maxDrinks } }'],
      ['BAD_DOCUMENT', 'query { orders(first: 1) { nodes { id } } } fragment P on OrderEvent { type }'],
      ['BAD_DOCUMENT', 'fragment P on Order { number }'],
      ['BAD_DOCUMENT', 'fragment P on OrderEvent { secret }'],
      ['BAD_DOCUMENT', 'fragment P on OrderEvent { type } fragment Q on Order { number }'],
      ['BAD_DOCUMENT', 'fragment P on OrderEvent { ...P }'],
      ['BAD_DOCUMENT', 'fragment P on OrderEvent { order @include(if: $it) { number } }'],
      ['BAD_DOCUMENT', ''],
      ['BAD_DOCUMENT', `fragment P on OrderEvent { ${'type '.repeat(1_001)} }`],
      ['BAD_DOCUMENT', `fragment P on OrderEvent { type ${' '.repeat(10_000)} }`],
      [
        'TOO_MANY_ALIASES',
        `fragment P on OrderEvent { ${Array.from({ length: 16 }, (_, i) => `a${i}: type`).join(' ')} }`,
      ],
      ['MISSING_SCOPE', 'fragment P on OrderEvent { order { phone } }'],
      ['MISSING_SCOPE', 'fragment P on OrderEvent { order { ...G } } fragment G on Order { guest: name }'],
    ] as const) {
      const refused = await askForWebhook(api, key, { url: receiver.url, document })
      expect(refused, document).toMatchObject({
        __typename: 'WebhookRefused',
        code,
        path: ['input', 'document'],
      })
    }
  })

  test('so far as that can be done: one that repeats a field hundreds of times is told so', async () => {
    await start()
    const document = `fragment P on OrderEvent { ${'type '.repeat(900)} }`
    const { code, message } = await askForWebhook(api, key, { url: receiver.url, document })
    expect({ code, message }).toEqual({
      code: 'TOO_MANY_FIELDS',
      message: 'This document selects a field of the same name more than 100 times; split it.',
    })
  })

  test('with the scopes of its key, and by nobody else', async () => {
    await start()
    const { url } = receiver
    for (const types of [[], ['HEARTBEAT'], ['ORDER_CREATED', 'GAP']]) {
      expect((await askForWebhook(api, key, { url, eventTypes: types })).code).toBe('BAD_EVENT_TYPES')
    }
    expect((await askForWebhook(api, await api.key('webhooks:write'), { url })).code).toBe('MISSING_SCOPE')
    expect((await askForWebhook(api, await api.key('orders:read'), { url })).error).toBe('FORBIDDEN')
    expect((await askForWebhook(api, await api.signIn(), { url })).error).toBe('FORBIDDEN')
    expect((await askForWebhook(api, '', { url })).error).toBe('UNAUTHENTICATED')

    const { id } = await registerWebhook(api, key, { url })
    const other = await api.key('webhooks:write', 'orders:read')
    expect(await webhookState(api, other, id)).toBeNull()
    for (const field of ['updateWebhook', 'enableWebhook', 'rotateWebhookSecret', 'deleteWebhook'] as const) {
      expect((await changeWebhook(api, other, field, { id })).code).toBe('WEBHOOK_NOT_FOUND')
    }
    await placeOrder(api, key)
    const { id: delivery } = await receiver.next()
    expect((await changeWebhook(api, other, 'redeliver', { delivery })).code).toBe('DELIVERY_NOT_FOUND')
    const list = async (as: string) =>
      (
        await api.ask<{ webhooks: { nodes: { id: string }[] } }>(
          '{ webhooks(first: 5) { nodes { id } } }',
          {},
          as,
        )
      ).data.webhooks.nodes
    expect(await list(other)).toEqual([])
    expect(await list(key)).toEqual([{ id }])

    for (let i = 1; i < 20; i += 1) await registerWebhook(api, key, { url })
    expect((await askForWebhook(api, key, { url })).code).toBe('TOO_MANY_WEBHOOKS')
    expect(await changeWebhook(api, key, 'deleteWebhook', { id })).toMatchObject({
      __typename: 'DeletedWebhook',
    })
    expect(await webhookState(api, key, id)).toBeNull()
    await registerWebhook(api, key, { url })
  })

  test('and there are none where the shop has no key to sign with', async () => {
    await start({}, { env: { WEBHOOK_KEY: '' } })
    expect((await askForWebhook(api, key, { url: receiver.url })).code).toBe('WEBHOOKS_OFF')
  })
})

test('while a secret is rotated both sign', async () => {
  await start()
  const { id, secret } = await registerWebhook(api, key, { url: receiver.url })
  const { secret: second } = await changeWebhook(api, key, 'rotateWebhookSecret', { id })
  expect(second).not.toBe(secret)
  await placeOrder(api, key)
  const both = await receiver.next()
  expect(both.headers['webhook-signature']!.split(' ')).toHaveLength(2)
  expect(opened(both, secret)).toEqual(opened(both, second))
  expect((await webhookState(api, key, id)).oldSecretUntil).not.toBeNull()

  const { secret: third } = await changeWebhook(api, key, 'rotateWebhookSecret', { id, overlapMinutes: 0 })
  await placeOrder(api, key)
  const one = await receiver.next()
  opened(one, third)
  for (const old of [secret, second]) expect(() => opened(one, old)).toThrow('No matching signature')
  expect((await changeWebhook(api, key, 'rotateWebhookSecret', { id, overlapMinutes: 43_201 })).code).toBe(
    'BAD_OVERLAP',
  )
})

test('what has arrived is sent again when asked for, under the same id', async () => {
  await start()
  const { id, secret } = await registerWebhook(api, key, { url: receiver.url })
  const order = await placeOrder(api, key)
  const first = await receiver.next()
  await expectDelivered(id, 1)
  await move(api, key, 'startOrder', order.id)
  expect(await changeWebhook(api, key, 'redeliver', { delivery: first.id })).toMatchObject({
    __typename: 'WebhookDelivery',
  })
  const second = await receiver.next()
  expect(second.id).toBe(first.id)
  // The order as it is now, as in the stream.
  expect(opened(second, secret).data).toMatchObject({ type: 'ORDER_CREATED', order: { status: 'PREPARING' } })
  await eventually(async () => (await deliveriesOf(id))[0]!.attempts.length).toBe(2)
})

describe('a webhook is disabled, and says why,', () => {
  const expectDisabled = async (id: string, reason: string) => {
    const row = () => api.orm.em.fork().findOneOrFail(Webhook, id)
    await eventually(async () => (await row()).disabledReason).toBe(reason)
    expect((await row()).disabledMessage).toBeTruthy()
  }

  test('when its key is revoked', async () => {
    await start()
    const { id } = await registerWebhook(api, key, { url: receiver.url })
    const other = await api.key('orders:read', 'orders:write')
    await api.orm.em.fork().nativeUpdate(ApiKey, { hash: sha256(key) }, { revokedAt: new Date() })
    await placeOrder(api, other)
    await expectDisabled(id, 'KEY_REVOKED')
    expect(receiver.received).toEqual([])
  })

  test('when its key loses a scope; an event that was waiting waits on', async () => {
    await start()
    const friend = await api.key('webhooks:write', 'orders:read', 'orders:pii')
    const { id } = await registerWebhook(api, friend, {
      url: receiver.url,
      document: 'fragment P on OrderEvent { order { phone } }',
    })
    const mine = { hash: sha256(friend) }
    await api.orm.em.fork().nativeUpdate(ApiKey, mine, { scopes: ['webhooks:write', 'orders:read'] })
    await placeOrder(api, key)
    await expectDisabled(id, 'DOCUMENT_UNFIT')
    expect((await webhookState(api, friend, id)).disabledMessage).toContain('orders:pii')
    expect(await changeWebhook(api, friend, 'enableWebhook', { id })).toMatchObject({
      code: 'MISSING_SCOPE',
      path: ['input', 'id'],
    })
    expect(receiver.received).toEqual([])
    await changeWebhook(api, friend, 'updateWebhook', { id, document: null })
    await changeWebhook(api, friend, 'enableWebhook', { id })
    expect(JSON.parse((await receiver.next()).body).type).toBe('ORDER_CREATED')
  })

  test('when a new version of the shop no longer has what its document asks for', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'boba-webhooks-'))
    const database = postgresql() ? databaseUrl() : `sqlite:${join(folder, 'shop.db')}`
    try {
      await start({}, { database })
      const { id } = await registerWebhook(api, key, { url: receiver.url })
      const document = 'fragment P on OrderEvent { order { loyaltyPoints } }'
      await api.orm.em.fork().nativeUpdate(Webhook, { id }, { document })
      await api.close()
      await start({}, { database })
      await expectDisabled(id, 'DOCUMENT_UNFIT')
      expect((await api.orm.em.fork().findOneOrFail(Webhook, id)).disabledMessage).toContain('loyaltyPoints')
      await api.close()
    } finally {
      if (postgresql()) await onServer(`drop database "${new URL(database).pathname.slice(1)}" with (force)`)
      await rm(folder, { recursive: true })
      await start()
    }
  })
})

test('the delivery log comes in pages, and is erased with what is old', async () => {
  await start()
  const { id } = await registerWebhook(api, key, { url: receiver.url, eventTypes: ['MENU_CHANGED'] })
  await menuChanges(5)
  await expectDelivered(id, 5)
  const page = async (after: string | null) =>
    (
      await api.ask<{
        webhook: { deliveries: { nodes: { id: string }[]; pageInfo: Record<string, string> } }
      }>(
        `query ($id: ID!, $after: String) { webhook(id: $id) {
          deliveries(first: 2, after: $after, status: [DELIVERED]) { nodes { id } pageInfo { hasNextPage endCursor } } } }`,
        { id, after },
        key,
      )
    ).data.webhook.deliveries
  const seen = new Set<string>()
  for (let after: string | null = null, more = true; more;) {
    const { nodes, pageInfo } = await page(after)
    for (const node of nodes) seen.add(node.id)
    after = pageInfo.endCursor!
    more = Boolean(pageInfo.hasNextPage)
  }
  expect(seen.size).toBe(5)
  await eraseBefore(api.orm.em.fork(), new Date(Date.now() - 60_000))
  expect(await deliveriesOf(id)).toHaveLength(5)
  await eraseBefore(api.orm.em.fork(), new Date(Date.now() + 60_000))
  expect(await deliveriesOf(id)).toEqual([])
  await menuChanges(1)
  await expectDelivered(id, 1)
})
