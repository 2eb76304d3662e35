import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { ApiKey } from '../../api/auth/api-key.entity.ts'
import { newKey } from '../../api/auth/key-format.ts'
import { sha256 } from '../../api/auth/keys.ts'
import { Event, EventType } from '../../api/events/event.entity.ts'
import { shopOf } from '../../api/shops/shop-of.ts'
import { startApi, type TestApi } from '../support/api.ts'
import { type EventStream, listenByEvents, openStream } from '../support/event-stream.ts'
import { listen } from '../support/listener.ts'
import { move, placeOrder } from '../support/orders.ts'

let api: TestApi
let key: string
const open: { stop: () => unknown }[] = []
beforeAll(async () => {
  api = await startApi({
    log: { heartbeat: 100, buffer: 50 },
    server: { recheck: 20, streamKeepAlive: 50, streamPatience: 200 },
  })
  key = await api.key('orders:read', 'orders:write')
})
afterEach(async () => {
  for (const each of open.splice(0)) await each.stop()
})
afterAll(() => api.close())

const orderEvents = (after?: string, fields = 'type cursor order { number status phone }') =>
  `subscription { event: orderEvents${after === undefined ? '' : `(after: "${after}")`} { ${fields} } }`

async function post(
  body: unknown,
  headers: Record<string, string> = { Authorization: `Bearer ${key}` },
): Promise<EventStream> {
  const stream = await openStream(api, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'text/event-stream', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  open.push(stream)
  return stream
}

async function get(parameters: Record<string, string>, headers: Record<string, string> = {}) {
  const stream = await openStream(api, { search: `?${new URLSearchParams(parameters)}`, headers })
  open.push(stream)
  return stream
}

const errorsOf = async (stream: EventStream) =>
  JSON.parse((await stream.next()).data!).errors as { message: string; extensions: Record<string, string> }[]

const cursorOf = async () =>
  (await api.ask<{ board: { cursor: string } }>('{ board { cursor } }')).data.board.cursor

test('the client of graphql-sse sees what a WebSocket sees', async () => {
  const after = await cursorOf()
  const bySocket = listen(api, { field: 'orderEvents', key, after, order: 'number status phone' })
  const byEvents = listenByEvents(api, {
    query: orderEvents(after, 'type cursor at order { number status phone }'),
    key,
  })
  open.push(bySocket, byEvents)
  const { id, number } = await placeOrder(api, key)
  await move(api, key, 'markOrderReady', id)
  const seen = []
  for (let i = 0; i < 4; i += 1) {
    const event = await byEvents.next()
    expect(event.cursor).toBe((await bySocket.next()).cursor)
    // Phone numbers come only with orders:pii.
    expect(event.order).toMatchObject({ number, phone: null })
    seen.push(event.type)
  }
  expect(seen).toContain('ORDER_CREATED')
  expect(seen).toContain('ORDER_STATUS_CHANGED')
  expect((await byEvents.beat()).order).toBeNull()
})

test('whoever was cut off goes on by Last-Event-ID, also from a URL that says another cursor', async () => {
  const after = await cursorOf()
  const query =
    'subscription ($after: String) { event: boardEvents(after: $after) { type order { number } } }'
  const orders = [await placeOrder(api, key), await placeOrder(api, key)]
  const parameters = { query, variables: JSON.stringify({ after }) }
  const first = await get(parameters)
  expect(first.headers.get('Content-Type')).toBe('text/event-stream; charset=utf-8')
  expect(first.headers.get('Cache-Control')).toBe('no-store')
  const created = async (stream: EventStream) => {
    for (;;) {
      const { id, data } = await stream.next()
      const { event } = JSON.parse(data!).data
      if (event.type === 'ORDER_CREATED') return { id: id!, number: event.order.number }
    }
  }
  const { id, number } = await created(first)
  expect(number).toBe(orders[0]!.number)
  first.stop()
  const second = await get(parameters, { 'Last-Event-ID': id })
  const frame = await second.next()
  expect(Number(frame.id)).toBe(Number(id) + 1)
  expect((await created(await get(parameters, { 'Last-Event-ID': id }))).number).toBe(orders[1]!.number)
})

test('a cursor the log no longer reaches is a gap; whoever comes back after it goes on from there', async () => {
  const { cursor } = (await api.ask<{ board: { cursor: string } }>('{ board { cursor } }')).data.board
  await placeOrder(api, key)
  const em = api.orm.em.fork()
  await em.nativeDelete(Event, { shop: (await shopOf(em)).id, seq: { $lte: Number(cursor) + 1 } })
  const stream = await post({ query: orderEvents('0') })
  const { id, data } = await stream.next()
  expect(JSON.parse(data!).data.event).toMatchObject({ type: 'GAP', cursor: id })
  await stream.next('complete')
  expect(await stream.ended).toBeUndefined()
  const again = await post(
    { query: orderEvents('0') },
    { Authorization: `Bearer ${key}`, 'Last-Event-ID': id! },
  )
  expect(JSON.parse((await again.next()).data!).data.event.type).toBe('HEARTBEAT')
})

test('who leaves while a stream begins is listened for no longer', async () => {
  let lookedAt = performance.now()
  const shop = await startApi({
    log: { poll: 50 },
    onQuery: sql => {
      if (/from [`"]event[`"]/.test(sql)) lookedAt = performance.now()
    },
  })
  // Somebody else has the database until the client has left.
  const { promise: left, resolve: leave } = Promise.withResolvers<void>()
  const busy = shop.orm.em.fork().transactional(async em => {
    await em.execute('select 1')
    await left
  })
  const stream = await openStream(shop, {
    search: `?${new URLSearchParams({ query: 'subscription { boardEvents { type } }' })}`,
  })
  stream.stop()
  const metrics = async () => (await fetch(`${shop.url}/metrics`)).text()
  await expect.poll(metrics).toContain('bobarista_graphql_event_streams 0\n')
  leave()
  await busy
  await expect.poll(() => performance.now() - lookedAt).toBeGreaterThan(1_000)
  await shop.close()
})

test('a quiet stream says that it is alive', async () => {
  const stream = await post({ query: orderEvents() })
  for (let i = 0; i < 3; i += 1) await stream.comment()
})

describe('what is wrong with a document comes as an event, with the code it has on every road', () => {
  const many = Array.from({ length: 16 }, (_, i) => `a${i}: number`).join(' ')
  test.each([
    ['BAD_REQUEST', '{ menu { maxDrinks } }'],
    ['BAD_REQUEST', 'mutation { signOut }'],
    ['GRAPHQL_PARSE_FAILED', '{{'],
    ['GRAPHQL_PARSE_FAILED', `subscription { boardEvents { order { ${'number '.repeat(1_001)} } } }`],
    ['GRAPHQL_VALIDATION_FAILED', 'subscription { boardEvents { order { phone } } }'],
    ['TOO_MANY_ALIASES', `subscription { boardEvents { order { ${many} } } }`],
    ['BAD_USER_INPUT', 'subscription { boardEvents(after: "x") { type } }'],
    ['BAD_USER_INPUT', 'subscription ($after: String!) { boardEvents(after: $after) { type } }'],
    ['UNAUTHENTICATED', orderEvents()],
  ])('%s: %s', async (code, query) => {
    const stream = await post({ query }, {})
    expect(stream.status).toBe(200)
    const [error] = await errorsOf(stream)
    expect(error!.extensions).toMatchObject({ code, requestId: stream.headers.get('X-Request-Id') })
    await stream.next('complete')
    expect(await stream.ended).toBeUndefined()
  })

  test('also for the client of graphql-sse', async () => {
    const strangers = listenByEvents(api, { query: orderEvents() })
    expect(await strangers.ended).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }])
    const wrong = listenByEvents(api, { query: orderEvents(), key: await api.key('menu:read') })
    expect(await wrong.ended).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }])
  })
})

describe('a request that never becomes a stream is refused', () => {
  const query = orderEvents()
  test.each([
    [401, () => post({ query }, { Authorization: `Bearer ${newKey()}` })],
    [415, () => post({ query }, { 'Content-Type': 'text/plain' })],
    [413, () => post({ query, extensions: { x: 'x'.repeat(100_000) } })],
    [406, () => post({ query }, { Accept: 'application/json' })],
    [400, () => post('{')],
    [400, () => post({ variables: {} })],
    [400, () => post([{ query }])],
    [400, () => get({ query, variables: '{' })],
    [400, () => get({})],
  ])('with %i', async (status, ask) => {
    const stream = await ask()
    expect(stream.status).toBe(status)
    const text = await stream.text()
    expect(text).not.toContain('node_modules')
    expect(JSON.parse(text).errors[0].extensions).toMatchObject({
      code: status === 401 ? 'UNAUTHENTICATED' : 'BAD_REQUEST',
      requestId: stream.headers.get('X-Request-Id'),
    })
  })

  test('with 405 and 404', async () => {
    expect((await fetch(`${api.url}/graphql/stream`, { method: 'PUT' })).status).toBe(405)
    expect((await fetch(`${api.url}/graphql/stream/other`)).status).toBe(404)
  })
})

test('a bug is hidden', async () => {
  const broken = await startApi()
  try {
    await broken.orm.em.fork().execute('alter table shop rename to lost')
    const stream = await openStream(broken, {
      search: `?${new URLSearchParams({ query: 'subscription { boardEvents { type } }' })}`,
    })
    const { data } = await stream.next()
    expect(JSON.parse(data!).errors).toMatchObject([{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }])
    expect(data).not.toMatch(/select|table|sqlite/i)
    await stream.next('complete')
  } finally {
    await broken.close()
  }
})

describe('who may listen', () => {
  test('a key that is revoked is told so, and heard no more; others stay', async () => {
    const [lost, other] = [await api.key('orders:read'), await api.key('orders:read')]
    const [revoked, standing] = [
      await post({ query: orderEvents() }, { Authorization: `Bearer ${lost}` }),
      await post({ query: orderEvents() }, { Authorization: `Bearer ${other}` }),
    ]
    await Promise.all([revoked.next(), standing.next()])
    await api.orm.em.fork().nativeUpdate(ApiKey, { hash: sha256(lost) }, { revokedAt: new Date() })
    let errors
    while (!errors) errors = JSON.parse((await revoked.next()).data!).errors
    expect(errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }])
    await revoked.next('complete')
    expect(await revoked.ended).toBeUndefined()
    await standing.comment()
    await standing.next()
  })

  test('the console does by its cookie, from its own pages only, and not by a GET', async () => {
    const Cookie = await api.signIn()
    const query = orderEvents()
    const own = await post({ query }, { Cookie })
    expect(JSON.parse((await own.next()).data!).data.event.type).toBe('HEARTBEAT')
    for (const stranger of [
      await post({ query }, { Cookie, Origin: 'https://evil.example' }),
      await get({ query }, { Cookie }),
    ]) {
      expect((await errorsOf(stranger))[0]!.extensions.code).toBe('UNAUTHENTICATED')
    }
    await api.ask('mutation { signOut }', {}, Cookie)
    await own.next('complete')
  })
})

const openStreams = async (of: TestApi) =>
  Number(/^bobarista_graphql_event_streams (\d+)$/m.exec(await (await fetch(`${of.url}/metrics`)).text())![1])

test('a client that takes nothing is cut off, holds nobody up and is not read for', async () => {
  await expect.poll(() => openStreams(api)).toBe(0)
  const { port } = new URL(api.url)
  const stuck = connect(Number(port), '127.0.0.1')
  stuck.on('error', () => undefined)
  stuck.pause()
  // Long names make long events, which fill the sockets of both sides soon.
  const names = Array.from({ length: 12 }, (_, i) => `a${i}${'x'.repeat(5_000)}: at`).join(' ')
  const body = JSON.stringify({ query: `subscription { boardEvents { ${names} } }` })
  stuck.write(
    'POST /graphql/stream HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n' +
      `Content-Length: ${body.length}\r\n\r\n${body}`,
  )
  await expect.poll(() => openStreams(api)).toBe(1)
  const reading = await get({ query: 'subscription { boardEvents { type } }' })
  const { id } = await shopOf(api.orm.em.fork())
  for (let i = 0; i < 200 && (await openStreams(api)) > 1; i += 1) {
    await api.log.change(api.orm.em.fork(), async tx => {
      for (let n = 0; n < 10; n += 1) await tx.append(id, { type: EventType.MENU_CHANGED })
    })
    await reading.next()
  }
  expect(await openStreams(api)).toBe(1)
  await once(stuck.resume(), 'close')
})

test('a server that closes ends its streams without calling them complete, so that they are opened again', async () => {
  const other = await startApi({ log: { heartbeat: 20 } })
  const stream = await openStream(other, {
    search: `?${new URLSearchParams({ query: 'subscription { boardEvents { type } }' })}`,
  })
  await stream.next()
  await other.close()
  expect(await stream.ended).toBeInstanceOf(Error)
  await expect(stream.next('complete')).rejects.toThrow()
})

describe('the log as pages', () => {
  interface Page {
    gap: boolean
    nodes: { type: string; cursor: string; order: { number: string } | null }[]
    pageInfo: { hasNextPage: boolean; endCursor: string | null }
  }
  const page = async (first: number, after?: string | null, as = key) => {
    const { data, errors } = await api.ask<{ events: Page }>(
      `query ($first: Int!, $after: String) { events(first: $first, after: $after) {
        gap edges { cursor node { cursor } } nodes { type cursor order { number } } pageInfo { hasNextPage endCursor } } }`,
      { first, after },
      as,
    )
    return { ...data?.events, code: errors?.[0]?.extensions.code }
  }

  test('tells what the stream tells, by the same cursors', async () => {
    const start = await cursorOf()
    const numbers = []
    for (let i = 0; i < 3; i += 1) numbers.push((await placeOrder(api, key)).number)
    const seen: Page['nodes'] = []
    let after = start
    for (let more = true; more;) {
      const { nodes, pageInfo, gap } = await page(2, after)
      expect(gap).toBe(false)
      seen.push(...nodes!)
      after = pageInfo!.endCursor!
      more = pageInfo!.hasNextPage
    }
    expect(seen.map(({ cursor }) => Number(cursor))).toEqual(seen.map((_, i) => Number(start) + 1 + i))
    const created = seen.filter(({ type }) => type === 'ORDER_CREATED')
    expect(created.map(({ order }) => order!.number)).toEqual(numbers)
    // Whoever is at the end stays there. Texts come to it at times of their own.
    const atEnd = async () => {
      const { nodes, pageInfo } = await page(100, after)
      const stays = nodes!.length === 0 && pageInfo!.endCursor === after && !pageInfo!.hasNextPage
      after = pageInfo!.endCursor!
      return stays
    }
    await expect.poll(atEnd, { timeout: 20_000 }).toBe(true)
    const stream = await post({ query: orderEvents(after) })
    const { number } = await placeOrder(api, key)
    let told
    do told = JSON.parse((await stream.next()).data!).data.event
    while (told.type !== 'ORDER_CREATED')
    expect(told.order.number).toBe(number)
  })

  test('says when it does not reach back, and where to go on', async () => {
    for (const after of ['0', '999999999']) {
      const told = async () => {
        const head = await cursorOf()
        const { gap, nodes, pageInfo } = await page(5, after)
        return { gap, nodes, atHead: pageInfo?.endCursor === head }
      }
      // Texts of the orders above come to the log at times of their own.
      await expect.poll(told).toEqual({ gap: true, nodes: [], atHead: true })
    }
    // Without a cursor it begins where it reaches.
    expect(await page(1)).toMatchObject({ gap: false, nodes: [{}], pageInfo: { hasNextPage: true } })
  })

  test('is for those who may read orders, a hundred at a time', async () => {
    expect((await page(1, null, '')).code).toBe('UNAUTHENTICATED')
    expect((await page(1, null, await api.key('menu:read'))).code).toBe('FORBIDDEN')
    for (const first of [0, 101]) expect((await page(first)).code).toBe('BAD_USER_INPUT')
    expect((await page(1, 'x')).code).toBe('BAD_USER_INPUT')
  })
})
