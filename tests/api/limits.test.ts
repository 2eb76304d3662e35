import { auditServer } from 'graphql-http'
import { once } from 'node:events'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { openDatabase } from '../../api/database.ts'
import { startApi, type TestApi } from '../support/api.ts'
import { byHttp, bySocket } from '../support/roads.ts'

let api: TestApi
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api.close())

const nested = (levels: number, inner = 'id'): string =>
  levels === 0 ? inner : `requires { ${nested(levels - 1, inner)} }`
const many = (count: number, field: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => field(i)).join(' ')

/** Lists whose rows have many objects each. */
const costly = many(15, i => `a${i}: items { ${nested(3, '...Chain')} }`)
const chain = `fragment Chain on MenuItem { ${many(10, () => 'price { amount }')} }`

/** What is forbidden, by its code, as a query and as a subscription. */
const forbidden: [code: string, what: string, query: string, subscription: string][] = [
  ['GRAPHQL_PARSE_FAILED', 'broken syntax', '{ board {{ }', 'subscription { boardEvents {{ }'],
  [
    'GRAPHQL_PARSE_FAILED',
    'more than 1,000 tokens',
    `{ menu { ${many(1_001, () => 'maxDrinks')} } }`,
    `subscription { boardEvents { ${many(1_001, () => 'type')} } }`,
  ],
  [
    'GRAPHQL_VALIDATION_FAILED',
    'an unknown field',
    '{ board { orders { phone } } }',
    'subscription { boardEvents { order { phone } } }',
  ],
  [
    'GRAPHQL_VALIDATION_FAILED',
    'a fragment that contains itself',
    '{ board { orders { ...Loop } } } fragment Loop on BoardOrder { ...Loop }',
    'subscription { boardEvents { order { ...Loop } } } fragment Loop on BoardOrder { ...Loop }',
  ],
  [
    'TOO_MANY_ALIASES',
    '16 aliases',
    `{ board { orders { ${many(16, i => `a${i}: number`)} } } }`,
    `subscription { boardEvents { order { ${many(16, i => `a${i}: number`)} } } }`,
  ],
  [
    'TOO_MANY_FIELDS',
    'one field 101 times, however it is spread',
    `{ menu { shop { ...A ...B } } } fragment A on Shop { ${many(50, () => 'id')} } fragment B on Shop { ${many(51, () => 'id')} }`,
    `subscription { boardEvents { ...A ...B } } fragment A on BoardEvent { ${many(50, () => 'type')} } fragment B on BoardEvent { ${many(51, () => 'type')} }`,
  ],
  [
    'TOO_DEEP',
    '11 levels',
    `{ menu { items { ${nested(8)} } } }`,
    `subscription { liveCalls { calls { menu { items { ${nested(6)} } } } } }`,
  ],
  [
    'TOO_COSTLY',
    'rows within rows',
    `{ calls(first: 50) { nodes { menu { ${costly} } } } } ${chain}`,
    `subscription { liveCalls { calls { menu { ${costly} } } } } ${chain}`,
  ],
  [
    'BAD_USER_INPUT',
    'a variable that is missing',
    'query ($shop: ID!) { menu(shop: $shop) { maxDrinks } }',
    'subscription ($after: String!) { boardEvents(after: $after) { type } }',
  ],
  [
    'BAD_USER_INPUT',
    'a text with a NUL, at which a statement would end',
    '{ menu(shop: "a\\u0000b") { maxDrinks } }',
    'subscription { boardEvents(shop: "a\\u0000b") { type } }',
  ],
  [
    'UNAUTHENTICATED',
    'what needs a scope',
    '{ orders(first: 1) { nodes { id } } }',
    'subscription { orderEvents { type } }',
  ],
]

describe('forbidden on either road', () => {
  test.each(forbidden)('%s: %s', async (code, _, query, subscription) => {
    const [overHttp] = await byHttp(api, query)
    const [overSocket] = await bySocket(api, subscription)
    for (const error of [overHttp, overSocket]) {
      expect(error).toMatchObject({ extensions: { code, requestId: expect.any(String) } })
    }
    expect(overSocket!.message.split(/["\d$]/)[0]).toBe(overHttp!.message.split(/["\d$]/)[0])
  })

  test('one level less is not', async () => {
    expect(await byHttp(api, `{ menu { items { ${nested(7)} } } }`)).toEqual([])
    expect(await bySocket(api, 'subscription { boardEvents { type order { number } } }')).toEqual([])
  })

  test('FORBIDDEN: a scope that the key does not have', async () => {
    const key = await api.key('menu:read')
    const [overHttp] = await byHttp(api, '{ orders(first: 1) { nodes { id } } }', key)
    const [overSocket] = await bySocket(api, 'subscription { orderEvents { type } }', key)
    for (const error of [overHttp, overSocket]) {
      expect(error).toMatchObject({
        message: expect.stringContaining('orders:read'),
        extensions: { code: 'FORBIDDEN', scope: 'orders:read' },
      })
    }
  })

  test('a document that is too large to be read', async () => {
    const padding = '#'.repeat(100_000)
    expect((await byHttp(api, `{ menu { maxDrinks } } ${padding}`))[0]!.extensions.code).toBe('BAD_REQUEST')
    expect(await bySocket(api, `subscription { boardEvents { type } } ${padding}`)).toMatchObject({
      code: 1009,
    })
  })
})

describe('a query', () => {
  test('is charged for the rows of its lists', async () => {
    const rows = 'items { price { amount } } texts { body }'
    const page = `edges { node { ${rows} } } nodes { ${rows} }`
    const [error] = await byHttp(
      api,
      `{ a: orders(first: 100) { ${page} } b: orders(first: 100) { ${page} } }`,
    )
    expect(error).toMatchObject({ extensions: { code: 'TOO_COSTLY' } })
    expect((await byHttp(api, '{ orders(first: 100) { nodes { id } } }'))[0]!.extensions.code).toBe(
      'UNAUTHENTICATED',
    )
  })

  test('TOO_MANY_FIELDS counts the roots of an operation', async () => {
    const [error] = await byHttp(api, `{ ${many(11, i => `m${i}: menu { maxDrinks }`)} }`)
    expect(error!.extensions.code).toBe('TOO_MANY_FIELDS')
    const spread = `{ ...Roots ... { m: menu { maxDrinks } } } fragment Roots on Query { ${many(10, i => `m${i}: menu { maxDrinks }`)} }`
    expect((await byHttp(api, spread))[0]!.extensions.code).toBe('TOO_MANY_FIELDS')
  })

  test('has no more values in its variables than an order could have', async () => {
    const order = `mutation ($drinks: [DrinkInput!]!) {
      placeOrder(input: { drinks: $drinks, phone: "555-123-4567" }, idempotencyKey: "many") { __typename } }`
    const key = await api.key('orders:write')
    const codeFor = async (drinks: unknown[]) =>
      (await api.ask(order, { drinks }, key)).errors?.map(({ extensions }) => extensions.code)
    const taro = { flavor: 'taro' }
    expect(await codeFor(Array.from({ length: 999 }, () => taro))).toBeUndefined()
    expect(await codeFor(Array.from({ length: 1_000 }, () => taro))).toEqual(['TOO_COSTLY'])
    expect(await codeFor(Array.from({ length: 40_000 }, () => 1))).toEqual(['TOO_COSTLY'])
    expect(await codeFor(Array.from({ length: 1_500 }, () => 1))).toEqual(['BAD_USER_INPUT'])
  })

  test('with fragments that multiply is not counted to the end', async () => {
    const fragments = Array.from(
      { length: 9 },
      (_, i) => `fragment F${i} on MenuItem { requires { ...F${i + 1} } ... { requires { ...F${i + 1} } } }`,
    )
    const multiplied = `{ menu { items { ...F0 } } } ${fragments.join(' ')} fragment F9 on MenuItem { id }`
    expect(['TOO_DEEP', 'TOO_COSTLY']).toContain((await byHttp(api, multiplied))[0]!.extensions.code)
  })

  test('with a value that does not fit is refused as input, not as a bug', async () => {
    const { errors } = await api.ask('query ($first: Int!) { orders(first: $first) { nodes { id } } }', {
      first: 'x',
    })
    expect(errors![0]!.extensions.code).toBe('BAD_USER_INPUT')
  })

  test.each([
    { id: 'a\0' },
    { id: '\ud83e' },
    { filter: { number: '\udc00' } },
    { after: Buffer.from('1:a\0').toString('base64url') },
    { after: Buffer.from('999999999999999:a').toString('base64url') },
  ])('with a text that no database can keep is refused as input: %j', async variables => {
    const { errors } = await api.ask(
      `query ($id: ID, $filter: OrderFilter, $after: String) {
        order(id: $id) { id } orders(first: 1, filter: $filter, after: $after) { nodes { id } } }`,
      variables,
      await api.key('orders:read'),
    )
    expect(errors![0]!.extensions.code).toBe('BAD_USER_INPUT')
  })

  test('as the screens send it is far below the limits', async () => {
    const staff = await api.signIn()
    const { errors } = await api.ask(
      `{ orders(first: 100, filter: { status: [RECEIVED, PREPARING, READY] }) {
          nodes { id number status name phone createdAt updatedAt total { amount currency }
            items { id flavor toppings addOns sweetness ice } texts { id kind status statusText } }
          pageInfo { hasNextPage endCursor } eventCursor } }`,
      {},
      staff,
    )
    expect(errors).toBeUndefined()
  })
})

describe('introspection', () => {
  test('is open in development and closed to strangers in production', async () => {
    const query = '{ __schema { queryType { name } } }'
    expect(await byHttp(api, query)).toEqual([])
    const production = await startApi({ server: { introspection: false } })
    expect((await byHttp(production, query))[0]!.extensions.code).toBe('INTROSPECTION_DISABLED')
    expect(
      (await bySocket(production, 'subscription { boardEvents { type } __type(name: "Order") { name } }'))[0]!
        .extensions.code,
    ).toMatch(/INTROSPECTION_DISABLED|GRAPHQL_VALIDATION_FAILED/)
    const { data } = await production.ask(query, {}, await production.key('orders:read'))
    expect(data).toEqual({ __schema: { queryType: { name: 'Query' } } })
    await production.close()
  })
})

describe('the WebSocket', () => {
  test.each(['{ menu { maxDrinks } }', 'mutation { signOut }'])(
    'takes subscriptions only: %s',
    async query => {
      expect((await bySocket(api, query))[0]).toMatchObject({
        message: expect.stringContaining('subscriptions only'),
        extensions: { code: 'BAD_REQUEST' },
      })
    },
  )

  test('is found at /graphql and nowhere else', async () => {
    const socket = new WebSocket(`${api.url.replace('http', 'ws')}/graphql/other`)
    const [error] = await once(socket, 'error')
    expect(error.message).toContain('404')
  })

  test.each([
    ['a frame that is too large', 1009, 'x'.repeat(200_000)],
    ['a message that only a server sends', 4400, '{"type":"next","id":"1","payload":{"data":null}}'],
    ['no message at all', 4400, '[]'],
  ])('ends one that sends %s, says why, and goes on', async (_, closedWith, message) => {
    const socket = new WebSocket(`${api.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
    await once(socket, 'open')
    socket.send(message)
    const [code] = await once(socket, 'close')
    expect(code).toBe(closedWith)
    expect((await api.ask('{ menu { maxDrinks } }')).status).toBe(200)
  })

  test.each([
    'subscription { boardEvents @skip(if: true) { type } }',
    'subscription ($wanted: Boolean = false) { boardEvents @include(if: $wanted) { type } }',
    'subscription { ...All } fragment All on Subscription { ... @skip(if: true) { boardEvents { type } } }',
    'fragment All on Subscription { ... @skip(if: true) { boardEvents { type } } } subscription { ...All }',
  ])('takes no subscription that may turn out to be none: %s', async query => {
    for (const road of [bySocket, byHttp]) {
      const [error] = await road(api, query)
      expect(error!.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED')
    }
  })
})

describe('the door over HTTP', () => {
  const post = (
    body: string,
    headers: Record<string, string> = { 'Content-Type': 'application/json' },
    path = '/graphql',
  ) => fetch(`${api.url}${path}`, { method: 'POST', headers, body })
  const query = JSON.stringify({ query: '{ menu { maxDrinks } }' })

  test('is at /graphql and nowhere else', async () => {
    expect((await post(query)).status).toBe(200)
    for (const path of ['/', '/graphql/', '/graphql/x', '/GraphQL', '/board/graphql', '/sms']) {
      expect((await post(query, undefined, path)).status).toBe(404)
    }
  })

  test.each([
    'application/x-www-form-urlencoded',
    'text/plain',
    'multipart/form-data; boundary=x',
    'application/xml',
  ])('takes no %s', async type => {
    expect((await post(query, { 'Content-Type': type })).status).toBe(415)
  })

  test.each([
    '{',
    '"text"',
    '[]',
    '{}',
    '{"query": 5}',
    '{"query": "{ menu { maxDrinks } }", "variables": "x"}',
  ])('answers %s with 400', async body => {
    const response = await post(body)
    expect(response.status).toBe(400)
    const text = await response.text()
    expect(text).not.toContain('node_modules')
    expect(JSON.parse(text).errors[0].extensions.code).toBe('BAD_REQUEST')
  })

  test('takes 100 kB and no more', async () => {
    const padded = (size: number) =>
      JSON.stringify({ query: '{ menu { maxDrinks } }', extensions: { x: 'x'.repeat(size) } })
    expect((await post(padded(99_000))).status).toBe(200)
    expect((await post(padded(100_000))).status).toBe(413)
  })

  test('does nothing by GET that changes anything', async () => {
    const response = await fetch(`${api.url}/graphql?query=${encodeURIComponent('mutation { signOut }')}`)
    expect(response.status).toBe(405)
  })

  test('takes nobody for signed in by the cookie of a GET, which any page can send', async () => {
    const Cookie = await api.signIn()
    const who = async (init: RequestInit) =>
      (
        (await (await fetch(`${api.url}/graphql?query={me{kind}}`, init)).json()) as {
          data: { me: { kind: string } }
        }
      ).data.me.kind
    expect(await who({ headers: { Cookie } })).toBe('ANYONE')
    expect(await who({ headers: { Cookie, Origin: 'https://elsewhere.example' } })).toBe('ANYONE')
    const key = await api.key('orders:read')
    expect(await who({ headers: { Authorization: `Bearer ${key}` } })).toBe('API_KEY')
    expect((await api.ask<{ me: { kind: string } }>('{ me { kind } }', {}, Cookie)).data.me.kind).toBe(
      'STAFF',
    )
  })

  test('passes every audit of GraphQL over HTTP', async () => {
    const results = await auditServer({ url: `${api.url}/graphql` })
    expect(results.filter(({ status }) => status !== 'ok').map(({ id, name }) => `${id} ${name}`)).toEqual([])
    expect(results).toHaveLength(61)
  })

  test('has no streams, and says where they are', async () => {
    const [error] = await byHttp(api, 'subscription { boardEvents { type } }')
    expect(error).toMatchObject({
      message: expect.stringContaining('/graphql/stream'),
      extensions: { code: 'BAD_REQUEST' },
    })
  })

  test('tells a client that persists its queries that there are none, in words it knows', async () => {
    const body = JSON.stringify({
      extensions: { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } },
    })
    const Accept = 'application/graphql-response+json'
    const response = await post(body, { 'Content-Type': 'application/json', Accept })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      errors: [
        { message: 'PersistedQueryNotSupported', extensions: { code: 'PERSISTED_QUERY_NOT_SUPPORTED' } },
      ],
    })
  })

  test('does not run a batch', async () => {
    const response = await post(`[${query},${query}]`)
    expect(response.status).toBe(400)
    expect((await response.json()).errors).toMatchObject([
      { message: expect.stringContaining('one operation'), extensions: { code: 'BAD_REQUEST' } },
    ])
  })
})

describe('a bug', () => {
  let broken: TestApi
  afterEach(() => broken.close())

  test('is hidden from the outside, with an id under which the log has it', async () => {
    broken = await startApi()
    const key = await broken.key('orders:read')
    await broken.orm.em.fork().execute('alter table orders rename to lost')
    const { errors, data, headers } = await broken.ask('{ orders(first: 1) { nodes { id } } }', {}, key)
    expect(data).toBeNull()
    expect(errors).toEqual([
      {
        message: expect.stringContaining('went wrong on our side'),
        locations: expect.anything(),
        path: ['orders'],
        extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: headers.get('X-Request-Id') },
      },
    ])
    expect(JSON.stringify(errors)).not.toMatch(/select|table|sqlite|node_modules/i)
  })

  test('on the WebSocket is hidden just the same', async () => {
    broken = await startApi()
    await broken.orm.em.fork().execute('alter table shop rename to lost')
    const [error] = await bySocket(broken, 'subscription { boardEvents { type } }')
    expect(error).toMatchObject({
      message: expect.stringContaining('went wrong on our side'),
      extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: expect.any(String) },
    })
  })
})

describe('what looks after the process', () => {
  test('/healthz says ok, and what is missing', async () => {
    const response = await fetch(`${api.url}/healthz`)
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ status: 'ok' })
    const gone = await openDatabase('sqlite::memory:')
    await gone.close(true)
    const ill = await startApi({ server: { orm: gone } })
    const failing = await fetch(`${ill.url}/healthz`)
    expect(failing.status).toBe(503)
    expect(await failing.json()).toEqual({ status: 'failing', missing: ['database'] })
    await ill.close()
  })

  test('/metrics speaks Prometheus', async () => {
    const response = await fetch(`${api.url}/metrics`)
    expect(response.headers.get('Content-Type')).toContain('text/plain')
    const text = await response.text()
    expect(text).toMatch(/^bobarista_graphql_sockets \d+$/m)
    expect(text).toMatch(/^process_cpu_seconds_total /m)
  })
})
