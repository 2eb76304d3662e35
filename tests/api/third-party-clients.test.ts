import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { CombinedGraphQLErrors, gql } from '@apollo/client/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { databaseUrl, onServer, postgresql, startApi, type TestApi } from '../support/api.ts'
import { freePort } from '../support/free-port.ts'
import { Inbox } from '../support/inbox.ts'
import { move, placeOrder } from '../support/orders.ts'
import { startProxy } from '../support/proxy.ts'
import { apolloClient, followers, type HeardEvent, urqlClient } from '../support/third-parties.ts'

let api: TestApi
let key: string
let possibleTypes: Record<string, string[]>
beforeAll(async () => {
  api = await startApi()
  key = await api.key('orders:read', 'orders:write')
  // As Apollo's documentation tells: unions and interfaces are asked for when a program is built.
  const { data } = await api.ask<{
    __schema: { types: { name: string; possibleTypes: { name: string }[] | null }[] }
  }>('{ __schema { types { name possibleTypes { name } } } }')
  possibleTypes = Object.fromEntries(
    data.__schema.types.flatMap(({ name, possibleTypes }) =>
      possibleTypes ? [[name, possibleTypes.map(type => type.name)]] : [],
    ),
  )
})
afterAll(() => api.close())

const place = `mutation Place($input: PlaceOrderInput!, $key: String!, $only: Boolean!) {
  placed: placeOrder(input: $input, idempotencyKey: $key, validateOnly: $only) {
    __typename
    ... on PlacedOrder { replayed order { id number status total { amount currency } } }
    ... on OrderQuote { total { amount } }
    ... on UserError { code message path }
  }
}`
const start = `mutation Start($id: ID!) {
  moved: startOrder(id: $id) { __typename ... on Order { id status } ... on UserError { code message } }
}`
const page = `query Page($after: String) {
  orders(first: 10, after: $after) {
    edges { cursor node { id number status } }
    pageInfo { hasNextPage endCursor }
  }
}`

interface Placed {
  __typename: string
  replayed: boolean
  order: { id: string; status: string }
  code: string
}

interface Page {
  orders: {
    edges: { node: { id: string; status: string } }[]
    pageInfo: { hasNextPage: boolean; endCursor: string }
  }
}

const input = (flavor: string) => ({ drinks: [{ flavor, toppings: ['boba'] }], phone: '555-123-4567' })

/** Orders of which a third page is needed. */
const count = 23

describe('Apollo Client', () => {
  test('places, replays, is quoted and refused, and sees a move in its cache', async () => {
    await using client = apolloClient({ url: api.url, key }, possibleTypes)
    const ask = async (flavor: string, key: string, only = false) => {
      const variables = { input: input(flavor), key, only }
      return (await client.mutate<{ placed: Placed }>({ mutation: gql(place), variables })).data!.placed
    }
    const first = await ask('taro milk tea', 'apollo 1')
    expect(first).toMatchObject({ __typename: 'PlacedOrder', replayed: false, order: { status: 'RECEIVED' } })
    expect(await ask('taro milk tea', 'apollo 1')).toMatchObject({ replayed: true, order: first.order })
    expect(await ask('taro milk tea', 'apollo 2', true)).toMatchObject({ __typename: 'OrderQuote' })
    expect(await ask('coffee', 'apollo 3')).toMatchObject({
      __typename: 'PlaceOrderRefused',
      code: expect.stringMatching(/^[A-Z_]+$/),
      message: expect.any(String),
    })

    const statuses = new Inbox<string | undefined>()
    const watching = client.watchQuery<Page>({ query: gql(page) }).subscribe(({ data }) => {
      const edge = (data as Page | undefined)?.orders?.edges.find(({ node }) => node.id === first.order.id)
      statuses.push(edge?.node.status)
    })
    await statuses.next(status => status === 'RECEIVED')
    await client.mutate({ mutation: gql(start), variables: { id: first.order.id } })
    await statuses.next(status => status === 'PREPARING')
    watching.unsubscribe()

    const again = await client.mutate({ mutation: gql(start), variables: { id: first.order.id } })
    expect(again.data).toMatchObject({
      moved: { __typename: 'OrderMoveRefused', code: 'ORDER_ALREADY_PREPARING' },
    })
  })

  test('pages through a connection as it does with those of Relay', async () => {
    const orders = []
    for (let i = 0; i < count; i += 1) orders.push((await placeOrder(api, key)).id)
    await using client = apolloClient({ url: api.url, key }, possibleTypes)
    const query = client.watchQuery<Page>({ query: gql(page) })
    const lists = new Inbox<Page['orders']>()
    const watching = query.subscribe(({ data }) => data && lists.push((data as Page).orders))
    let list = await lists.next()
    let pages = 1
    for (; list.pageInfo.hasNextPage; pages += 1) {
      const { length } = list.edges
      await query.fetchMore({ variables: { after: list.pageInfo.endCursor } })
      list = await lists.next(({ edges }) => edges.length > length)
    }
    watching.unsubscribe()
    expect(pages).toBeGreaterThan(2)
    const ids = list.edges.map(({ node }) => node.id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(new Set(ids.slice(0, count))).toEqual(new Set(orders))
  })

  test('is told why it is refused, and when to come back', async () => {
    const codesOf = (error: unknown) =>
      CombinedGraphQLErrors.is(error) ? error.errors.map(({ extensions }) => extensions?.code) : error
    await using nobody = apolloClient({ url: api.url, key: 'boba_wrong' }, possibleTypes)
    expect(codesOf(await nobody.query({ query: gql(page) }).catch(error => error))).toEqual([
      'UNAUTHENTICATED',
    ])

    const poor = await startApi({ env: { RATE_LIMIT_FACTOR: '0.01' } })
    const answers: Headers[] = []
    await using client = apolloClient(
      { url: poor.url, key: await poor.key('orders:read') },
      possibleTypes,
      headers => answers.push(headers),
    )
    const dear = gql('{ orders(first: 100) { nodes { items { price { amount } } texts { id } } } }')
    let error: unknown
    while (!error)
      error = (await client.query({ query: dear, fetchPolicy: 'no-cache', errorPolicy: 'all' })).error
    expect(codesOf(error)).toEqual(['RATE_LIMITED'])
    const { retryAfter } = (error as CombinedGraphQLErrors).errors[0]!.extensions as { retryAfter: number }
    expect(answers.at(-1)!.get('Retry-After')).toBe(String(retryAfter))
    await poor.close()
  })
})

describe('urql', () => {
  test('places, replays, is refused, moves, pages and is shown the door', async () => {
    await using client = urqlClient({ url: api.url, key })
    const ask = async (flavor: string, key: string) => {
      const variables = { input: input(flavor), key, only: false }
      return (await client.mutation<{ placed: Placed }>(place, variables).toPromise()).data!.placed
    }
    const first = await ask('black milk tea', 'urql 1')
    expect(first).toMatchObject({ replayed: false, order: { status: 'RECEIVED' } })
    expect(await ask('black milk tea', 'urql 1')).toMatchObject({ replayed: true, order: first.order })
    expect(await ask('coffee', 'urql 2')).toMatchObject({ __typename: 'PlaceOrderRefused' })

    // Its cache forgets a list as soon as a mutation has answered with something that is in it.
    const read = () => client.query<Page>(page, {}).toPromise()
    const statusOf = ({ data }: Awaited<ReturnType<typeof read>>) =>
      data!.orders.edges.find(({ node }) => node.id === first.order.id)!.node.status
    expect(statusOf(await read())).toBe('RECEIVED')
    await client.mutation(start, { id: first.order.id }).toPromise()
    expect(statusOf(await read())).toBe('PREPARING')

    const ids: string[] = []
    for (let after: string | null = null, pages = 1; ; pages += 1) {
      const { data }: { data?: Page } = await client.query<Page>(page, { after }).toPromise()
      ids.push(...data!.orders.edges.map(({ node }) => node.id))
      after = data!.orders.pageInfo.endCursor
      if (data!.orders.pageInfo.hasNextPage) continue
      expect(pages).toBeGreaterThan(2)
      break
    }
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.length).toBeGreaterThan(count)

    await using nobody = urqlClient({ url: api.url, key: 'boba_wrong' })
    const { error } = await nobody.query(page, {}).toPromise()
    expect(error!.graphQLErrors[0]!.extensions.code).toBe('UNAUTHENTICATED')
    expect((error!.response as Response).status).toBe(401)
  })
})

test('graphlient of Ruby reads the schema, places, replays, pages, and is told why not', async () => {
  const { stdout } = await promisify(execFile)('ruby', ['tests/support/graphlient.rb'], {
    env: { PATH: process.env.PATH, SHOP_URL: api.url, SHOP_KEY: key },
  })
  const told = JSON.parse(stdout) as Record<string, { placeOrder: Placed }> & { numbers: string[] }
  expect(told).toMatchObject({
    types: expect.any(Number),
    placed: {
      placeOrder: { __typename: 'PlacedOrder', replayed: false, order: { total: { amount: '6.25' } } },
    },
    again: { placeOrder: { replayed: true, order: told.placed!.placeOrder.order } },
    refused: { placeOrder: { __typename: 'PlaceOrderRefused', code: 'UNKNOWN_FLAVOR' } },
    forbidden: expect.stringContaining('needs the scope calls:read'),
    unknown: expect.stringContaining("Field 'nothing' doesn't exist"),
    nonsense: expect.stringContaining('`after` is no cursor'),
  })
  const { data } = await api.ask<{ orders: { nodes: { number: string }[] } }>(
    '{ orders(first: 100) { nodes { number } } }',
    {},
    key,
  )
  expect(told.numbers).toEqual(data.orders.nodes.map(({ number }) => number))
  expect(told.numbers.length).toBeGreaterThan(4)
})

const headOf = async (shop: TestApi, as: string) =>
  (await shop.ask<{ orders: { eventCursor: string } }>('{ orders(first: 1) { eventCursor } }', {}, as)).data
    .orders.eventCursor

/** What was heard since a cursor: each event once, in order, none left out. */
async function expectAll(shop: TestApi, as: string, events: HeardEvent[], after: string): Promise<void> {
  const end = Number(await headOf(shop, as))
  const cursors = () => events.filter(({ type }) => type !== 'HEARTBEAT').map(({ cursor }) => Number(cursor))
  await expect.poll(() => cursors().at(-1), { timeout: 20_000 }).toBeGreaterThanOrEqual(end)
  expect(cursors()).toEqual(cursors().map((_, index) => Number(after) + 1 + index))
}

describe.each(Object.entries(followers))('%s', (_name, follow) => {
  test('hears everything once, though its connection breaks', async () => {
    const proxy = await startProxy(api.url)
    const after = await headOf(api, key)
    const inbox = new Inbox<HeardEvent>()
    const events: HeardEvent[] = []
    const stop = follow({ url: proxy.url, key }, after, event => {
      events.push(event)
      inbox.push(event)
    })
    const hear = ({ number }: { number: string }, status: string) =>
      inbox.next(({ order }) => order?.number === number && order.status === status)
    await inbox.next(({ type }) => type === 'HEARTBEAT')
    await hear(await placeOrder(api, key), 'RECEIVED')
    for (let breaks = 0; breaks < 3; breaks += 1) {
      proxy.cut()
      const missed = await placeOrder(api, key)
      await move(api, key, 'startOrder', missed.id)
      proxy.mend()
      await hear(missed, 'PREPARING')
      await hear(await placeOrder(api, key), 'RECEIVED')
    }
    await expectAll(api, key, events, after)
    await stop()
    await proxy.close()
  })

  test('hears everything once, though the api is stopped and started again', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'boba-clients-'))
    const database = postgresql() ? databaseUrl() : `sqlite:${join(folder, 'shop.db')}`
    const env = { API_PORT: String(await freePort()) }
    let shop = await startApi({ database, env })
    const as = await shop.key('orders:read', 'orders:write')
    const after = await headOf(shop, as)
    const inbox = new Inbox<HeardEvent>()
    const events: HeardEvent[] = []
    const stop = follow({ url: shop.url, key: as }, after, event => {
      events.push(event)
      inbox.push(event)
    })
    const hear = ({ number }: { number: string }) => inbox.next(({ order }) => order?.number === number)
    await hear(await placeOrder(shop, as))
    await shop.close()
    const other = await startApi({ database })
    const missed = [await placeOrder(other, as), await placeOrder(other, as)]
    await other.close()
    shop = await startApi({ database, env })
    for (const order of missed) await hear(order)
    await hear(await placeOrder(shop, as))
    await expectAll(shop, as, events, after)
    await stop()
    await shop.close()
    if (postgresql()) await onServer(`drop database "${new URL(database).pathname.slice(1)}"`)
    await rm(folder, { recursive: true })
  })
})
