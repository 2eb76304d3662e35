import { auditServer } from 'graphql-http'
import { once } from 'node:events'
import { createClient } from 'graphql-ws'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { openDatabase } from '../../api/database.ts'
import { startApi, type TestApi } from '../support/api.ts'

let api: TestApi
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api.close())

interface Failure {
  message: string
  extensions: { code: string; requestId: string }
}

/** Sends a document by POST. */
const byHttp = async (query: string, to = api): Promise<Failure[]> => (await to.ask(query)).errors ?? []

/** Sends a document over the WebSocket. → its errors, none as soon as anything else is answered */
async function bySocket(query: string, to = api): Promise<Failure[]> {
  const client = createClient({
    url: `${to.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
  })
  try {
    for await (const { errors } of client.iterate({ query })) return (errors ?? []) as never
    return []
  } catch (errors) {
    return errors as Failure[]
  } finally {
    await client.dispose()
  }
}

const nested = (levels: number): string => (levels === 0 ? 'id' : `requires { ${nested(levels - 1)} }`)

describe('a document that asks for too much is refused on either road', () => {
  const fields = (count: number, field: (i: number) => string) =>
    Array.from({ length: count }, (_, i) => field(i)).join(' ')

  test('TOO_DEEP counts fields inside each other', async () => {
    expect((await byHttp(`{ menu { items { ${nested(9)} } } }`))[0]!.extensions.code).toBe('TOO_DEEP')
    expect(await byHttp(`{ menu { items { ${nested(7)} } } }`)).toEqual([])
  })

  test.each([
    ['TOO_MANY_ALIASES', fields(16, i => `a${i}: number`)],
    ['GRAPHQL_PARSE_FAILED', fields(1_001, () => 'number')],
    ['GRAPHQL_VALIDATION_FAILED', 'phone'],
    ['GRAPHQL_VALIDATION_FAILED', '...Loop'],
    ['GRAPHQL_PARSE_FAILED', '{{'],
  ])('%s', async (code, selection) => {
    const loop = selection === '...Loop' ? 'fragment Loop on BoardOrder { ...Loop }' : ''
    const [overHttp] = await byHttp(`{ board { orders { ${selection} } } } ${loop}`)
    const [overSocket] = await bySocket(`subscription { boardEvents { order { ${selection} } } } ${loop}`)
    for (const error of [overHttp, overSocket]) {
      expect(error).toMatchObject({ extensions: { code, requestId: expect.any(String) } })
    }
    expect(overSocket!.message.split('"')[0]).toBe(overHttp!.message.split('"')[0])
  })

  test('TOO_COSTLY counts the rows of lists', async () => {
    const rows = 'items { price { amount } } texts { body }'
    const page = `edges { node { ${rows} } } nodes { ${rows} }`
    expect(
      (await byHttp(`{ a: orders(first: 100) { ${page} } b: orders(first: 100) { ${page} } }`))[0],
    ).toMatchObject({
      extensions: { code: 'TOO_COSTLY' },
    })
    expect((await byHttp('{ orders(first: 100) { nodes { id } } }'))[0]!.extensions.code).toBe(
      'UNAUTHENTICATED',
    )
  })

  test('TOO_MANY_FIELDS counts the roots of an operation', async () => {
    const [error] = await byHttp(`{ ${fields(11, i => `m${i}: menu { maxDrinks }`)} }`)
    expect(error!.extensions.code).toBe('TOO_MANY_FIELDS')
  })

  test('fragments that multiply are not counted to the end', async () => {
    const fragments = Array.from(
      { length: 9 },
      (_, i) => `fragment F${i} on MenuItem { requires { ...F${i + 1} } ... { requires { ...F${i + 1} } } }`,
    )
    const many = `{ menu { items { ...F0 } } } ${fragments.join(' ')} fragment F9 on MenuItem { id }`
    expect(['TOO_DEEP', 'TOO_COSTLY']).toContain((await byHttp(many))[0]!.extensions.code)
  })

  test('values that do not fit are refused as input, not as a bug', async () => {
    const { errors } = await api.ask('query ($first: Int!) { orders(first: $first) { nodes { id } } }', {
      first: 'x',
    })
    expect(errors![0]!.extensions.code).toBe('BAD_USER_INPUT')
    const { errors: missing } = await api.ask('query ($shop: ID!) { menu(shop: $shop) { maxDrinks } }')
    expect(missing![0]!.extensions.code).toBe('BAD_USER_INPUT')
    expect(
      (await bySocket('subscription ($after: String!) { boardEvents(after: $after) { type } }'))[0]!
        .extensions.code,
    ).toBe('BAD_USER_INPUT')
  })

  test('what the screens ask for is far below the limits', async () => {
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
    expect(await byHttp(query)).toEqual([])
    const production = await startApi({ server: { introspection: false } })
    expect((await byHttp(query, production))[0]!.extensions.code).toBe('INTROSPECTION_DISABLED')
    expect(
      (await bySocket('subscription { boardEvents { type } __type(name: "Order") { name } }', production))[0]!
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
      expect((await bySocket(query))[0]).toMatchObject({
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

  test('ends one that sends a frame that is too large, and goes on', async () => {
    const socket = new WebSocket(`${api.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
    await once(socket, 'open')
    socket.send('x'.repeat(200_000))
    await once(socket, 'close')
    expect((await api.ask('{ menu { maxDrinks } }')).status).toBe(200)
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

  test('does not run a batch', async () => {
    expect((await post(`[${query},${query}]`)).status).toBe(400)
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
    const [error] = await bySocket('subscription { boardEvents { type } }', broken)
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
