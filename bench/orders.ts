import { Api } from '../voice/api.ts'
import { startPostgresql } from '../tests/support/postgresql.ts'
import { measured, stayOff } from './cores.ts'
import type { Section } from './report.ts'
import { type Shop, startShop } from './shop.ts'
import { spread } from './statistics.ts'

/** Clients that place one order after the other. */
const clients = [1, 20]
const rounds = 5
const windowMs = 4_000

const placeOrder = `
  mutation ($key: String!) {
    placed: placeOrder(
      idempotencyKey: $key
      input: { phone: "555-123-4567", drinks: [{ flavor: "taro", toppings: ["boba"] }] }
    ) {
      ... on PlacedOrder { order { id } }
      ... on PlaceOrderRefused { code }
    }
  }
`

const cancelOrder = `
  mutation ($id: ID!) { cancelOrder(id: $id) { __typename } }
`

/** How many orders a second are on the disk, with both engines by turns. */
export async function orders(log: (line: string) => void): Promise<Section> {
  const giveBack = stayOff()
  const postgresql = await startPostgresql({ durable: true })
  const engines: { name: string; shop: Shop; rates: number[][] }[] = []
  try {
    for (const [name, database] of [
      ['SQLite', undefined],
      ['PostgreSQL', postgresql.url.replace(/postgres$/, 'bench')],
    ] as const) {
      const shop = await startShop({
        database,
        core: measured,
        scopes: ['orders:write'],
        rateLimitFactor: 1_000,
      })
      engines.push({ name, shop, rates: clients.map(() => []) })
    }
    for (const { shop } of engines) await rateOf(shop, 20)
    for (let round = 1; round <= rounds; round += 1) {
      for (const { shop, rates } of engines) {
        for (const [index, count] of clients.entries()) rates[index]!.push(await rateOf(shop, count))
      }
      log(`orders: round ${round} of ${rounds}`)
    }
  } finally {
    for (const { shop } of engines) await shop.close()
    await postgresql.stop()
    giveBack()
  }
  return {
    title: 'Orders on the disk',
    how: `\`npm run bench -- orders\`. \`placeOrder\` over HTTP by the built api on a core of its own; every order is committed with its drinks, its event and its idempotency key before it is answered, and its text is stored by the sender meanwhile. Each client cancels its order before it places the next, as there are only so many numbers: a commit more that is not counted. SQLite with \`synchronous = full\`; PostgreSQL of Debian with \`fsync\` and \`synchronous_commit\` on, in a process of its own on either core. ${rounds} rounds of ${windowMs / 1_000} s by turns; median, with the least and the most.`,
    tables: [
      [
        ['Orders a second', ...clients.map(count => (count === 1 ? '1 client' : `${count} clients`))],
        ...engines.map(({ name, rates }) => [name, ...rates.map(each => spread(each, 0))]),
      ],
    ],
    goals: [],
  }
}

/** Orders a second that so many clients place, each one after the other. */
async function rateOf({ url, key }: Shop, count: number): Promise<number> {
  const api = new Api({ url, key })
  let placed = 0
  const began = performance.now()
  const place = async () => {
    while (performance.now() - began < windowMs) {
      const answer = await api.ask<{ placed: { order: { id: string } } }>(placeOrder, {
        key: crypto.randomUUID(),
      })
      placed += 1
      await api.ask(cancelOrder, { id: answer.placed.order.id })
    }
  }
  await Promise.all(Array.from({ length: count }, place))
  return (placed * 1_000) / (performance.now() - began)
}
