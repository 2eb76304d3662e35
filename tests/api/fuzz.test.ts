import { randomInt } from 'node:crypto'
import { beforeAll, expect, onTestFailed, test } from 'vitest'
import { databaseUrl, onServer, postgresql } from '../support/api.ts'
import { build } from '../support/built.ts'
import { type FuzzedShop, guest, startFuzzedShop } from '../support/fuzzed-shop.ts'

// What they do to the roads is the same on either engine; what they do to a database is not.
const documents = Number(process.env.FUZZ_ROUNDS) || (postgresql() ? 1_000 : 3_000)
const warmUp = 2_500
/**
 * So much the heap may grow in each half of what follows when it has warmed up, in bytes for each document. Code that is
 * compiled late is there once; what leaks with each document leaks in both halves.
 */
const growth = 800

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
      const heaps = [(await shop.measure()).heap]
      const runs = [first]
      const loops: string[] = []
      for (const half of [1, 2]) {
        const run = await shop.fuzz({ seed: seed + half, documents: documents / 2 })
        if (run.faults.length > 0) return run.faults
        const { heap, loop } = await shop.measure()
        heaps.push(heap)
        loops.push(`${loop.toFixed(0)} ms`)
        runs.push(run)
      }
      const sent = runs.reduce((sum, run) => sum + run.sent, 0)
      console.info(
        `${sent} documents: event loop delay p99 ${loops.join(' and ')}, heap ${heaps.map(mebibytes).join(' → ')} MiB`,
      )
      // It is no good if all it hears is that it is wrong.
      expect(runs.reduce((sum, { tally }) => sum + (tally.get('data') ?? 0), 0)).toBeGreaterThan(sent / 10)
      const heard = shop.rootFields.filter(name => runs.some(({ answered }) => answered.has(name)))
      expect(heard.length).toBeGreaterThan(shop.rootFields.length * 0.9)
      await expectOrder(shop)
      const grown = [heaps[1]! - heaps[0]!, heaps[2]! - heaps[1]!].map(bytes => bytes / (documents / 2))
      expect(Math.min(...grown), `bytes for each document: ${grown.join(', ')}`).toBeLessThan(growth)
      return []
    })
  },
)

test('nor do they within the usual limits', { timeout: 120_000 }, async () => {
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
  expect(orders.length).toBeGreaterThan(1)
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
