import { once } from 'node:events'
import type { EntityManager } from '@mikro-orm/sql'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { PiiRead } from '../../api/auth/pii-read.entity.ts'
import { Bucket } from '../../api/limits/bucket.ts'
import { Api } from '../../voice/api.ts'
import { startCall, type StartedCall } from '../../voice/documents.ts'
import { postgresql, startApi, type TestApi } from '../support/api.ts'
import { openStream } from '../support/event-stream.ts'
import { listen } from '../support/listener.ts'
import { placeOrder } from '../support/orders.ts'
import { byHttp, bySocket, type Failure } from '../support/roads.ts'

/** A client behind the proxy that the tests themselves are. */
const from = (address: string) => ({ 'X-Forwarded-For': address })

interface Cost {
  requested: number
  available: number
  limit: number
  restoreRate: number
}

interface Answer {
  status: number
  headers: Headers
  body: { data?: Record<string, unknown>; errors?: object[]; extensions: { cost: Cost } }
}

async function post(
  api: TestApi,
  query: string,
  { as, headers = {} }: { as?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const response = await fetch(`${api.url}/graphql`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...(as && { Authorization: `Bearer ${as}` }), ...headers },
    body: JSON.stringify({ query }),
  })
  return { status: response.status, headers: response.headers, body: (await response.json()) as never }
}

/** Costs so many points and answers with an error: rows are charged whether they are there or not. */
const pageOf = (rows: number) =>
  `{ orders(first: ${rows}) { nodes { total { amount } items { price { amount } } } } }`
/** Most of what a stranger of a shop with small limits has. */
const dear = `{ a: ${pageOf(100).slice(1, -1)} b: ${pageOf(100).slice(1, -1)} c: ${pageOf(100).slice(1, -1)} }`

const rows = Array.from(
  { length: 15 },
  (_, i) => `a${i}: items { price { amount } requires { price { amount } } }`,
).join(' ')
const dearSubscription = `subscription { liveCalls { calls { menu { ${rows} } } } }`

/** An open socket that speaks the protocol of graphql-ws, before it has said anything. */
const open = async (api: TestApi, headers = {}) => {
  const socket = new WebSocket(`${api.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', {
    headers,
  })
  await once(socket, 'open')
  return socket
}

test('a bucket refills at its rate, and never above its brim', () => {
  const bucket = new Bucket({ limit: 100, restoreRate: 10 }, 0)
  expect(bucket.take(70, 0)).toBe(true)
  expect(bucket.take(40, 0)).toBe(false)
  expect(bucket.available(0)).toBe(30)
  expect(bucket.wait(40, 0)).toBe(1)
  expect(bucket.take(40, 1_000)).toBe(true)
  expect(bucket.available(6_000)).toBe(50)
  expect(bucket.available(60_000)).toBe(100)
  expect(bucket.wait(100, 60_000)).toBe(0)
})

describe('points', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await startApi({ env: { RATE_LIMIT_FACTOR: '0.01', TRUST_PROXY: 'loopback' } })
  })
  afterAll(() => api.close())

  test('are told with every answer: in its extensions, its headers, and a field', async () => {
    const headers = from('192.0.2.1')
    const { body, headers: told } = await post(
      api,
      '{ rateLimit { requested available limit restoreRate } }',
      {
        headers,
      },
    )
    const { cost } = body.extensions
    expect(body.data).toEqual({ rateLimit: cost })
    expect(cost).toMatchObject({ requested: 2, limit: 5_000, restoreRate: 2 })
    expect(cost.available).toBeLessThanOrEqual(4_998)
    expect(told.get('RateLimit-Limit')).toBe('5000')
    expect(told.get('RateLimit-Remaining')).toBe(String(cost.available))
    expect(told.get('RateLimit-Reset')).toBe('1')
    expect(told.get('Retry-After')).toBeNull()
    const wrong = await post(api, '{ nothing }', { headers })
    expect(wrong.body.extensions.cost).toMatchObject({ requested: 1, limit: 5_000 })
  })

  test('that are not there: 429, on either road, and nothing is done', async () => {
    const headers = from('192.0.2.2')
    const { body } = await post(api, dear, { headers })
    expect(body.errors![0]).toMatchObject({ extensions: { code: 'UNAUTHENTICATED' } })
    expect(body.extensions.cost.requested).toBeGreaterThan(3_000)

    const refused = await post(api, dear, { headers })
    expect(refused.status).toBe(429)
    expect(refused.body.data).toBeUndefined()
    const [error] = refused.body.errors as { message: string; extensions: Record<string, unknown> }[]
    expect(error!.extensions).toMatchObject({
      code: 'RATE_LIMITED',
      requestId: refused.headers.get('X-Request-Id'),
    })
    const { retryAfter } = error!.extensions
    expect(retryAfter).toBeGreaterThan(0)
    expect(refused.headers.get('Retry-After')).toBe(String(retryAfter))
    expect(error!.message).toContain(`try again in ${retryAfter as number} seconds`)

    // The same bucket, whichever way it is asked.
    const [there] = await bySocket(api, dearSubscription, undefined, headers)
    expect(there).toMatchObject({
      extensions: { code: 'RATE_LIMITED', retryAfter: expect.any(Number), requestId: expect.any(String) },
    })
    // What costs less than is left goes on.
    expect((await post(api, '{ menu { maxDrinks } }', { headers })).status).toBe(200)
  })

  test('that are all gone keep even a broken document from being read', async () => {
    const slow = await startApi({ server: { rateLimitFactor: 0.000_1 } })
    for (const query of [dear, pageOf(100), pageOf(15)]) await post(slow, query)
    const codeOf = ([error]: Failure[]) => error?.extensions.code
    const patient = { interval: 0, timeout: 20_000 }
    await expect.poll(async () => codeOf(await byHttp(slow, '{ nothing }')), patient).toBe('RATE_LIMITED')
    const broken = 'subscription { nothing }'
    await expect.poll(async () => codeOf(await bySocket(slow, broken)), patient).toBe('RATE_LIMITED')
    await slow.close()
  })

  test('are those of an address, whatever a client says that it is forwarded for', async () => {
    const left = async (address: string) =>
      (await post(api, '{ __typename }', { headers: from(address) })).body.extensions.cost.available
    await post(api, dear, { headers: from('203.0.113.9') })
    expect(await left('203.0.113.9')).toBeLessThan(2_000)
    expect(await left('198.51.100.7, 203.0.113.9')).toBeLessThan(2_000)
    expect(await left('203.0.113.10')).toBeGreaterThan(4_990)
    // Of an IPv6 network the last half is the client's to choose.
    await post(api, dear, { headers: from('2001:db8:1:2::1') })
    expect(await left('2001:db8:1:2:aaaa::9')).toBeLessThan(2_000)
    expect(await left('2001:db8:1:3::1')).toBeGreaterThan(4_990)
    // A key is known by itself, from wherever it is used; what fails with it counts for the address.
    const key = await api.key('orders:read')
    const { body } = await post(api, '{ __typename }', { as: key, headers: from('203.0.113.9') })
    expect(body.extensions.cost.available).toBeGreaterThan(4_990)
    const before = await left('203.0.113.77')
    for (let i = 0; i < 20; i += 1) {
      expect(
        (await post(api, '{ __typename }', { as: 'boba_wrong', headers: from('203.0.113.77') })).status,
      ).toBe(401)
    }
    expect(await left('203.0.113.77')).toBeLessThan(before - 10)
  })

  test('of voice and of staff are more than they need', async () => {
    const usual = await startApi()
    const of = async (as?: string) =>
      (await usual.ask<{ rateLimit: Cost }>('{ rateLimit { limit restoreRate } }', {}, as)).data.rateLimit
    expect(await of()).toEqual({ limit: 10_000, restoreRate: 200 })
    expect(await of(await usual.key('orders:read'))).toEqual({ limit: 20_000, restoreRate: 500 })
    expect(await of(await usual.signIn())).toEqual({ limit: 100_000, restoreRate: 5_000 })
    expect(await of(await usual.key('calls:write'))).toEqual({ limit: 2_000_000, restoreRate: 200_000 })
    await usual.close()
  })
})

describe('without TRUST_PROXY', () => {
  test('nobody is believed where they come from', async () => {
    const api = await startApi({ env: { RATE_LIMIT_FACTOR: '0.01' } })
    await post(api, dear, { headers: from('192.0.2.1') })
    const { body } = await post(api, '{ __typename }', { headers: from('192.0.2.2') })
    expect(body.extensions.cost.available).toBeLessThan(2_000)
    await api.close()
  })
})

describe('sockets', () => {
  test('of one address are counted, and make room when they go', async () => {
    const api = await startApi({ env: { RATE_LIMIT_FACTOR: '0.01', TRUST_PROXY: 'loopback' } })
    const headers = from('192.0.2.1')
    const sockets = await Promise.all(Array.from({ length: 5 }, () => open(api, headers)))
    const one = new WebSocket(`${api.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { headers })
    const [, response] = await once(one, 'unexpected-response')
    expect(response).toMatchObject({ statusCode: 429, headers: { 'retry-after': '10' } })
    one.on('error', () => undefined).terminate()
    await open(api, from('192.0.2.2'))
    sockets[0]!.terminate()
    await expect.poll(() => open(api, headers).catch(() => undefined)).toBeDefined()
    await api.close()
  })

  test('cost a point each to be opened', async () => {
    const shop = await startApi({ env: { RATE_LIMIT_FACTOR: '0.01' } })
    const key = await shop.key('orders:read')
    const left = async () => (await post(shop, '{ __typename }', { as: key })).body.extensions.cost.available
    const before = await left()
    for (let i = 0; i < 100; i += 1) {
      const socket = await open(shop)
      socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${key}` } }))
      await once(socket, 'message')
      socket.terminate()
    }
    // Five points come back each second.
    expect(await left()).toBeLessThan(before - 20)
    await shop.close()
  })

  test('of one key are counted, and of one session', async () => {
    const api = await startApi({ env: { RATE_LIMIT_FACTOR: '0.01' }, log: { heartbeat: 20 } })
    const credentials = [{ key: await api.key('orders:read') }, { headers: { Cookie: await api.signIn() } }]
    for (const credential of credentials) {
      const first = listen(api, { field: 'orderEvents', ...credential })
      await first.beat()
      expect(await listen(api, { field: 'orderEvents', ...credential }).ended).toMatchObject({ code: 1013 })
      await first.stop()
      await first.ended
      let second = listen(api, { field: 'orderEvents', ...credential })
      await expect
        .poll(() =>
          second.beat().catch(() => {
            second = listen(api, { field: 'orderEvents', ...credential })
          }),
        )
        .toBeDefined()
      await second.stop()
    }
    await api.close()
  })

  test('carry so many operations and no more', async () => {
    const api = await startApi()
    const socket = await open(api)
    const messages: { id?: string; type: string; payload?: unknown }[] = []
    socket.on('message', data => messages.push(JSON.parse((data as Buffer).toString()) as never))
    const heard = (id: string) => messages.filter(message => message.id === id)
    const subscribe = (id: string) =>
      socket.send(
        JSON.stringify({
          id,
          type: 'subscribe',
          payload: { query: 'subscription { boardEvents { type } }' },
        }),
      )
    socket.send('{"type":"connection_init"}')
    await expect.poll(() => messages.length).toBe(1)
    for (let i = 1; i <= 21; i += 1) subscribe(String(i))
    await expect.poll(() => heard('21')).toHaveLength(1)
    expect(heard('21')[0]).toMatchObject({
      type: 'error',
      payload: [{ extensions: { code: 'TOO_MANY_OPERATIONS' } }],
    })
    for (let i = 1; i <= 20; i += 1) {
      await expect.poll(() => heard(String(i))[0]).toMatchObject({ type: 'next' })
    }
    socket.send('{"id":"1","type":"complete"}')
    subscribe('22')
    await expect.poll(() => heard('22')[0]).toMatchObject({ type: 'next' })
    await api.close()
  })

  test('that carry nothing are closed, others are not', async () => {
    const api = await startApi({ server: { idle: 0, recheck: 10 }, log: { heartbeat: 10 } })
    // No client, which would open another one without a word. The first may be closed before it has asked.
    const subscribed = async (): Promise<WebSocket | undefined> => {
      const socket = await open(api)
      const said = () => Promise.race([once(socket, 'message'), once(socket, 'close')])
      socket.send('{"type":"connection_init"}')
      await said()
      const payload = { query: 'subscription { boardEvents { type } }' }
      socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload }))
      await said()
      return socket.readyState === WebSocket.OPEN ? socket : undefined
    }
    const busy = await vi.waitUntil(subscribed, { interval: 0, timeout: 20_000 })
    let over = false
    busy.on('close', () => (over = true))
    // The second one is closed at a later look than the first.
    for (let i = 0; i < 2; i += 1) {
      const idle = await open(api)
      idle.send('{"type":"connection_init"}')
      const [code] = await once(idle, 'close')
      expect(code).toBe(1000)
    }
    expect(over).toBe(false)
    await api.close()
  })

  test('tell what a subscription has cost, once', async () => {
    const api = await startApi({ log: { heartbeat: 10 } })
    const socket = await open(api)
    const messages: { type: string; payload: { extensions?: { cost: Cost } } }[] = []
    socket.on('message', data => messages.push(JSON.parse((data as Buffer).toString()) as never))
    socket.send('{"type":"connection_init"}')
    await once(socket, 'message')
    const payload = { query: 'subscription { boardEvents { type } }' }
    socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload }))
    const told = () => messages.filter(({ type }) => type === 'next').map(({ payload }) => payload.extensions)
    await expect.poll(() => told().length).toBeGreaterThan(1)
    expect(told()[0]).toMatchObject({ cost: { requested: 2, limit: 10_000 } })
    expect(told()[1]).toBeUndefined()
    await api.close()
  })
})

describe('a stream', () => {
  const priced = Array.from({ length: 14 }, (_, i) => `a${i}: items { price { amount } }`).join(' ')
  const document = `subscription { orderEvents(after: "0") { type order { id ${priced} } } }`
  const openWith = (api: TestApi, key: string, query: string) =>
    openStream(api, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${key}` },
      body: JSON.stringify({ query }),
    })

  test('pays for each event that it is told again, and not for those that happen', async () => {
    // So slow that nothing comes back while the test runs.
    const api = await startApi({ env: { RATE_LIMIT_FACTOR: '0.01' }, twilio: null })
    const placing = await api.key('orders:write')
    for (let i = 0; i < 5; i += 1) await placeOrder(api, placing)
    const key = await api.key('orders:read')
    const stream = await openWith(api, key, document)
    const { requested, available } = (
      JSON.parse((await stream.next()).data!) as { extensions: { cost: Cost } }
    ).extensions.cost
    expect(requested).toBeGreaterThan(100)
    const types: string[] = ['ORDER_CREATED']
    while (types.at(-1) !== 'HEARTBEAT') {
      types.push(
        (JSON.parse((await stream.next()).data!) as { data: { orderEvents: { type: string } } }).data
          .orderEvents.type,
      )
    }
    expect(types.length).toBeGreaterThan(5)
    const left = async () =>
      (await post(api, '{ rateLimit { available } }', { as: key })).body.extensions.cost
    const before = (await left()).available
    // The beat is free.
    const told = (types.length - 1) * requested
    expect(before).toBeLessThan(available - told + requested)
    await placeOrder(api, placing)
    await stream.next()
    expect((await left()).available).toBeGreaterThan(before - 100)
    stream.stop()
    await api.close()
  })

  test('that cannot be paid for is refused before it begins, and every one tells what is left', async () => {
    const api = await startApi({ env: { RATE_LIMIT_FACTOR: '0.01' } })
    const key = await api.key('orders:read')
    const first = await openWith(api, key, 'subscription { orderEvents { type } }')
    expect(Number(first.headers.get('RateLimit-Remaining'))).toBeGreaterThan(4_900)
    first.stop()
    for (let spent = false; !spent;) spent = (await post(api, dear, { as: key })).status === 429
    for (let spent = false; !spent;) spent = (await post(api, pageOf(1), { as: key })).status === 429
    const refused = await openWith(api, key, document.replace('(after: "0")', ''))
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('Retry-After'))).toBeGreaterThan(0)
    expect(refused.headers.get('RateLimit-Limit')).toBe('5000')
    expect(JSON.parse(await refused.text())).toMatchObject({
      errors: [{ extensions: { code: 'RATE_LIMITED', retryAfter: expect.any(Number) } }],
    })
    await api.close()
  })

  test('is counted with the sockets of its key', async () => {
    const api = await startApi({ env: { RATE_LIMIT_FACTOR: '0.02' } })
    const key = await api.key('orders:read')
    const stream = await openWith(api, key, 'subscription { orderEvents { type } }')
    expect(stream.status).toBe(200)
    expect(await listen(api, { field: 'orderEvents', key }).ended).toMatchObject({ code: 1013 })
    stream.stop()
    await api.close()
  })
})

describe('a client that only sends', () => {
  const init = '{"type":"connection_init"}'

  test('is answered without what it sent, and closed when it has spent all on it', async () => {
    const api = await startApi({ env: { RATE_LIMIT_FACTOR: '0.01' } })
    const socket = await open(api)
    socket.send(init)
    await once(socket, 'message')
    socket.send(`{"type":"ping","payload":{"much":"${'x'.repeat(10_000)}"}}`)
    const [answer] = await once(socket, 'message')
    expect(String(answer)).toBe('{"type":"pong"}')
    socket.send('{"type":"ping","payload":{"at":1}}')
    expect(String((await once(socket, 'message'))[0])).toBe('{"type":"pong","payload":{"at":1}}')
    for (let i = 0; i < 5_100; i += 1) socket.send('{"type":"ping"}')
    const [code] = await once(socket, 'close')
    expect(code).toBe(1013)
    await api.close()
  })

  test('and takes nothing is cut off before much waits for it', async () => {
    const api = await startApi({ env: { RATE_LIMIT_FACTOR: '1000' } })
    const socket = await open(api)
    socket.send(init)
    await once(socket, 'message')
    socket.pause()
    const sockets = async () =>
      /^bobarista_graphql_sockets (\d+)$/m.exec(await (await fetch(`${api.url}/metrics`)).text())![1]
    // The answer repeats the name of the field.
    const query = `subscription { boardEvents { ${'x'.repeat(50_000)} } }`
    const message = JSON.stringify({ type: 'subscribe', payload: { query } }).slice(0, -1)
    for (let id = 0; (await sockets()) !== '0'; id += 1) {
      expect(id, 'messages until it was cut off').toBeLessThan(1_000)
      socket.send(`${message},"id":"${id}"}`, () => {})
    }
    socket.on('error', () => {})
    socket.terminate()
    await api.close()
  })
})

/** Keeps everybody else from the tables for as long as `work` runs. */
async function whileLocked(api: TestApi, work: () => Promise<void>): Promise<void> {
  await api.orm.em.fork().transactional(async (tx: EntityManager) => {
    // The one connection of an SQLite in memory is taken as it is.
    await tx.execute(postgresql() ? 'lock table shop, api_key in access exclusive mode' : 'select 1')
    await work()
  })
}

test('what takes too long is given up, on either road, and what was not begun is not done', async () => {
  const api = await startApi({ server: { time: 100 } })
  const key = await api.key('menu:write')
  const voice = new Api({ url: api.url, key: await api.key('calls:write') })
  let started: Promise<{ call: StartedCall }> | undefined
  await whileLocked(api, async () => {
    started = voice.ask(startCall, { input: { callSid: 'CA1' } }, { within: 20_000 })
    const answers = await Promise.all([
      byHttp(api, '{ menu { maxDrinks } }'),
      byHttp(api, 'mutation { pauseOrdering(paused: true) { id } }', key),
      bySocket(api, 'subscription { boardEvents { type } }'),
    ])
    for (const [error] of answers) {
      expect(error).toMatchObject({
        message: expect.stringContaining('took too long'),
        extensions: { code: 'TIMED_OUT', requestId: expect.any(String) },
      })
    }
    expect((await post(api, '{ menu { maxDrinks } }')).status).toBe(503)
  })
  // The voice process asks again: whatever it asks for is safe to repeat.
  expect((await started!).call.id).toBe('CA1')
  const paused = async () =>
    (await api.ask<{ menu: { shop: { orderingPaused: boolean } } }>('{ menu { shop { orderingPaused } } }'))
      .data?.menu.shop.orderingPaused
  // On a busy machine this, too, may take longer than is allowed here.
  await expect.poll(paused).toBe(false)
  for (let i = 0; i < 10; i += 1) expect(await paused()).not.toBe(true)
  await api.close()
})

test('streams over SSE cost points, are counted like sockets, and each read of a number is written down', async () => {
  const api = await startApi({ env: { RATE_LIMIT_FACTOR: '0.01' }, log: { heartbeat: 20 } })
  try {
    const headers = {
      'Content-Type': 'application/json',
      Authorization: `Bearer ${await api.key('orders:read', 'orders:write', 'orders:pii')}`,
    }
    const open = (query: string) =>
      openStream(api, { method: 'POST', headers, body: JSON.stringify({ query }) })
    const first = await open('subscription { orderEvents { type order { phone } } }')
    const beat = JSON.parse((await first.next()).data!) as { extensions: { cost: { requested: number } } }
    expect(beat.extensions.cost.requested).toBeGreaterThan(1)
    // One socket, and so one stream, of a key at a time.
    const second = await open('subscription { orderEvents { type } }')
    expect(second.status).toBe(429)
    expect(second.headers.get('Retry-After')).toBe('10')
    expect(JSON.parse(await second.text())).toMatchObject({
      errors: [{ extensions: { code: 'RATE_LIMITED' } }],
    })

    const { id } = await placeOrder(api, await api.key('orders:read', 'orders:write'))
    for (;;) {
      const { data } = JSON.parse((await first.next()).data!) as {
        data: { orderEvents: { order: object | null } }
      }
      if (data.orderEvents.order) break
    }
    const reads = await api.orm.em.fork().find(PiiRead, {})
    expect(reads.flatMap(({ orders }) => orders)).toContain(id)
    first.stop()
    const again = async () => {
      const stream = await open('subscription { orderEvents { type } }')
      stream.stop()
      return stream.status
    }
    await expect.poll(again, { timeout: 20_000 }).toBe(200)
  } finally {
    await api.close()
  }
})
