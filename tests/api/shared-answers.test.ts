import { afterAll, beforeAll, expect, test } from 'vitest'
import { createClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import { PiiRead } from '../../api/auth/pii-read.entity.ts'
import { startApi, type TestApi } from '../support/api.ts'
import { Inbox } from '../support/inbox.ts'
import { placeOrder } from '../support/orders.ts'

let api: TestApi
let placer: string
beforeAll(async () => {
  api = await startApi()
  placer = await api.key('orders:write', 'orders:read')
})
afterAll(() => api.close())

interface Told {
  orderEvents: { type: string; order: Record<string, unknown> | null }
}

interface Subscriber {
  /** The order of the next event that is about one. */
  order(): Promise<unknown>
  stop(): Promise<void>
}

/** A subscriber that has been told that its stream lives. */
async function subscribe(
  as: string,
  query: string,
  variables: Record<string, unknown> = {},
): Promise<Subscriber> {
  const cookie = as.includes('=') ? { Cookie: as } : undefined
  const client = createClient({
    url: `${api.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: class extends WebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols, { headers: cookie })
      }
    },
    connectionParams: cookie ? {} : { authorization: `Bearer ${as}` },
    retryAttempts: 0,
  })
  const inbox = new Inbox<Told['orderEvents']>()
  client.subscribe<Told>(
    { query, variables },
    {
      next: ({ data }) => inbox.push(data!.orderEvents),
      error: error => inbox.close(String(error)),
      complete: () => inbox.close('complete'),
    },
  )
  await inbox.next(({ type }) => type === 'HEARTBEAT')
  return {
    order: async () => (await inbox.next(({ order }) => order !== null)).order,
    stop: async () => client.dispose(),
  }
}

test('who asks the same is told what they may know, however many may know more', async () => {
  const query = 'subscription { orderEvents { type order { name items { flavor } } } }'
  const trusted = [await api.key('orders:read', 'orders:pii'), await api.key('orders:read', 'orders:pii')]
  const plain = [await api.key('orders:read'), await api.key('orders:read')]
  const staff = await api.signIn()
  // Each order of subscribers may be the one in which somebody is told what another was.
  for (const order of [
    [...trusted, ...plain, staff],
    [...plain, staff, ...trusted],
    [staff, ...trusted, ...plain],
  ]) {
    const subscribers = await Promise.all([...order, ...order].map(as => subscribe(as, query)))
    await placeOrder(api, placer)
    const told = await Promise.all(subscribers.map(each => each.order()))
    const items = [{ flavor: 'taro milk tea' }]
    expect(told).toEqual([...order, ...order].map(as => ({ name: plain.includes(as) ? null : 'Ada', items })))
    await Promise.all(subscribers.map(each => each.stop()))
  }
  // Who has read it is written down for each of them, whoever else was told the same.
  const reads = await api.orm.em.fork().findAll(PiiRead)
  const byKey = Map.groupBy(reads, ({ apiKey }) => apiKey)
  expect(byKey.size).toBe(2)
  for (const own of byKey.values()) expect(own.length).toBeGreaterThanOrEqual(3 * 2)
})

test('the same document with other variables is another question; where it begins is not', async () => {
  const query = `subscription ($after: String, $full: Boolean! = true, $cups: Boolean! = false) {
    orderEvents(after: $after) { type order { status ...more items @include(if: $full) { flavor } } }
  }
  fragment more on Order { total @skip(if: $cups) { amount } }`
  const amount = { amount: '5.50' }
  const items = [{ flavor: 'taro milk tea' }]
  const { data } = await api.ask<{ orders: { eventCursor: string } }>(
    '{ orders(first: 1) { eventCursor } }',
    {},
    placer,
  )
  const after = data.orders.eventCursor
  const cases = [
    [{ cups: false }, { total: amount, items }],
    [
      { cups: false, after },
      { total: amount, items },
    ],
    [{ cups: false, full: false }, { total: amount }],
    [{ cups: true }, { items }],
    [{ cups: true, full: false }, {}],
  ] as const
  const subscribers = await Promise.all(
    [...cases, ...cases].map(([variables]) => subscribe(placer, query, variables)),
  )
  await placeOrder(api, placer)
  const told = await Promise.all(subscribers.map(each => each.order()))
  expect(told).toEqual([...cases, ...cases].map(([, more]) => ({ status: 'RECEIVED', ...more })))
  await Promise.all(subscribers.map(each => each.stop()))
})
