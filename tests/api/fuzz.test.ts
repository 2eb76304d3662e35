import { randomInt } from 'node:crypto'
import { beforeAll, expect, onTestFailed, test } from 'vitest'
import { databaseUrl, onServer, postgresql } from '../support/api.ts'
import { build } from '../support/built.ts'
import { type FuzzedShop, guest, startFuzzedShop } from '../support/fuzzed-shop.ts'

// What they do to the roads is the same on either engine; what they do to a database is not.
const documents = Number(process.env.FUZZ_ROUNDS) || (postgresql() ? 600 : 2_500)
const warmUp = postgresql() ? 400 : 1_500
/** So much the heap may grow after it has warmed up, in bytes: caches that fill, code that is compiled late. */
const growth = 12 * 2 ** 20

beforeAll(build, 120_000)

/** Runs against a shop on a database of its own. @param work → what it found fault with */
async function expectNothing(
  rateLimitFactor: number,
  work: (shop: FuzzedShop) => Promise<string[]>,
): Promise<void> {
  const database = databaseUrl()
  const shop = await startFuzzedShop({ database, rateLimitFactor })
  const faults: string[] = []
  try {
    faults.push(...(await work(shop)))
  } finally {
    const log = await shop.stop()
    if (postgresql()) await onServer(`drop database "${new URL(database).pathname.slice(1)}"`)
    const failures = log.split('\n').filter(line => line && !/^\{"level":[1-4]0/.test(line))
    expect([...faults, ...failures].join('\n\n')).toBe('')
    for (const secret of [...Object.values(guest), '5551234567', '555-123-4567']) {
      expect(log).not.toContain(secret)
    }
  }
}

function drawSeed(): number {
  const seed = Number(process.env.FUZZ_SEED) || randomInt(2 ** 31)
  onTestFailed(() => console.error(`FUZZ_SEED=${seed}`))
  return seed
}

test(
  'thousands of odd documents find nothing that breaks',
  { timeout: 600_000 + documents * 50 },
  async () => {
    const seed = drawSeed()
    await expectNothing(1_000, async shop => {
      const first = await shop.fuzz({ seed, documents: warmUp })
      if (first.faults.length > 0) return first.faults
      const warm = await shop.measure()
      const { faults, answered, tally, sent } = await shop.fuzz({ seed: seed + 1, documents })
      if (faults.length > 0) return faults
      const { heap, loop } = await shop.measure()
      console.info(
        `${warmUp + sent} documents: event loop delay p99 ${loop.toFixed(0)} ms, heap ${mebibytes(warm.heap)} → ${mebibytes(heap)} MiB`,
      )
      // It is no good if all it hears is that it is wrong.
      expect(tally.get('data')).toBeGreaterThan(sent / 10)
      const heard = shop.rootFields.filter(name => answered.has(name) || first.answered.has(name))
      expect(heard.length).toBeGreaterThan(shop.rootFields.length * (postgresql() ? 0.6 : 0.8))
      await expectOrder(shop)
      expect(heap - warm.heap).toBeLessThan(growth)
      // The same code answers on either engine.
      if (!postgresql()) await expectNothingKept(shop)
      return []
    })
  },
)

/**
 * What is asked over and over fills no cache and compiles no code, so that the least that a request keeps is seen: what
 * leaks, leaks in each round.
 */
async function expectNothingKept(shop: FuzzedShop): Promise<void> {
  const usual = [
    '{ menu { maxDrinks } orders(first: 2) { nodes { id items { flavor } } } }',
    '{ menu { nothing } }',
    'mutation { startOrder(id: "ord_none") { __typename } }',
  ]
  const rounds = 4
  const times = 300
  const heaps: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    for (let time = 0; time < times; time += 1) {
      await Promise.all(usual.map(query => shop.ask(query).catch(() => undefined)))
    }
    heaps.push((await shop.measure()).heap)
  }
  const grown = heaps.slice(1).map((heap, round) => (heap - heaps[round]!) / (times * usual.length))
  expect(Math.min(...grown), `bytes kept of each request: ${grown.join(', ')}`).toBeLessThan(200)
}

test.skipIf(postgresql())('nor do they within the usual limits', { timeout: 120_000 }, async () => {
  const seed = drawSeed()
  await expectNothing(0.01, async shop => {
    await spendAll(shop)
    const { faults, tally } = await shop.fuzz({ seed, documents: 600 })
    expect(tally.get('RATE_LIMITED')).toBeGreaterThan(0)
    return faults
  })
})

/** Leaves strangers without a point. */
async function spendAll({ url }: FuzzedShop): Promise<void> {
  const headers = { 'Content-Type': 'application/json' }
  const body = JSON.stringify({ query: '{ orders(first: 100) { nodes { items { price { amount } } } } }' })
  for (let status = 0; status !== 429;) {
    ;({ status } = await fetch(`${url}/graphql`, { method: 'POST', headers, body }))
  }
}

const mebibytes = (bytes: number) => (bytes / 2 ** 20).toFixed(1)

interface Page<Node> {
  list: { nodes: Node[]; pageInfo: { hasNextPage: boolean; endCursor: string | null } }
}

/** Everything in a list, page by page. */
async function all<Node>(shop: FuzzedShop, field: string, fields: string): Promise<Node[]> {
  const query = `query ($after: String) { list: ${field}(first: 100, after: $after) {
    nodes { ${fields} } pageInfo { hasNextPage endCursor } } }`
  const nodes: Node[] = []
  for (let after: string | null = null; ;) {
    const { list }: Page<Node> = await shop.ask<Page<Node>>(query, { after })
    nodes.push(...list.nodes)
    if (!list.pageInfo.hasNextPage) return nodes
    after = list.pageInfo.endCursor
  }
}

interface Order {
  id: string
  number: string
  status: string
  total: { amount: string }
  items: { price: { amount: string } }[]
}

const cents = ({ amount }: { amount: string }) => Math.round(Number(amount) * 100)

/** No order is half there, the log has no holes, and whoever orders gets what they order. */
async function expectOrder(shop: FuzzedShop): Promise<void> {
  const orders = await all<Order>(
    shop,
    'orders',
    'id number status total { amount } items { price { amount } }',
  )
  expect(orders.length).toBeGreaterThan(0)
  for (const { items, total, number } of orders) {
    expect(number).toMatch(/^\d{4}$/)
    expect(items.length).toBeGreaterThanOrEqual(1)
    expect(items.length).toBeLessThanOrEqual(10)
    expect(cents(total)).toBe(items.reduce((sum, { price }) => sum + cents(price), 0))
  }
  const open = orders.filter(({ status }) => !['PICKED_UP', 'CANCELLED'].includes(status))
  expect(new Set(open.map(({ number }) => number)).size).toBe(open.length)

  const events = await all<{ type: string; cursor: string; order: { id: string } | null }>(
    shop,
    'events',
    'type cursor order { id }',
  )
  expect(events.map(({ cursor }) => Number(cursor))).toEqual(events.map((_, index) => index + 1))
  const created = events.filter(({ type }) => type === 'ORDER_CREATED').map(({ order }) => order!.id)
  expect(created.toSorted()).toEqual(orders.map(({ id }) => id).toSorted())

  const { menu } = await shop.ask<{ menu: { items: { id: string }[] } }>('{ menu { items { id } } }')
  for (const { id } of menu.items) {
    await shop.ask('mutation ($id: ID!) { setAvailability(item: $id, available: true) { __typename } }', {
      id,
    })
  }
  const { placeOrder } = await shop.ask<{ placeOrder: { order: Order } }>(
    `mutation ($input: PlaceOrderInput!) {
      pauseOrdering(paused: false) { id }
      placeOrder(input: $input, idempotencyKey: "last") { ... on PlacedOrder { order { number } } ... on UserError { code } }
    }`,
    { input: { drinks: [{ flavor: 'taro milk tea' }], phone: '555-765-4321' } },
  )
  const { board } = await shop.ask<{ board: { orders: { number: string }[] } }>(
    '{ board { orders { number } } }',
  )
  expect(board.orders.map(({ number }) => number)).toContain(placeOrder.order.number)
}
