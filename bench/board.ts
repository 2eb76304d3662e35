import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { measured, stayOff } from './cores.ts'
import type { Section } from './report.ts'
import { type Shop, startShop, temporaryFolder } from './shop.ts'
import { median, spread } from './statistics.ts'

/** Orders that were picked up long ago, beside those the board shows. */
const sizes = [1_000, 1_000_000]
const open = 30
const rounds = 15
/** Board queries of a round. */
const queries = 200
const wanted = 1.2

/** What a board costs when the shop has been open for years. */
export async function board(log: (line: string) => void): Promise<Section> {
  const { folder, remove } = temporaryFolder()
  const giveBack = stayOff()
  const shops: Shop[] = []
  const found: number[][] = sizes.map(() => [])
  try {
    for (const size of sizes) {
      const database = `sqlite:${join(folder, `${size}.db`)}`
      // The api makes the tables, then the past is put into them.
      await (await startShop({ database })).close()
      fill(join(folder, `${size}.db`), size)
      shops.push(await startShop({ database, core: measured, rateLimitFactor: 1_000 }))
      log(`board: ${size} old orders are there`)
    }
    for (const shop of shops) await roundTrip(shop)
    for (let round = 0; round < rounds; round += 1) {
      for (const [index, shop] of shops.entries()) found[index]!.push(await roundTrip(shop))
    }
  } finally {
    for (const shop of shops) await shop.close()
    remove()
    giveBack()
  }
  const [few, many] = found as [number[], number[]]
  const ratios = many.map((ms, round) => ms / few[round]!)
  return {
    title: 'The board after years',
    how: `\`npm run bench -- board\`. The query of the board over HTTP with ${open} open orders, one after the other, with ${sizes.map(size => size.toLocaleString('en')).join(' and with ')} orders that were picked up long ago in SQLite. Two apis by turns, ${rounds} rounds of ${queries} queries; the mean of a round, then the median of the rounds with the least and the most.`,
    tables: [
      [
        ['Old orders', 'ms a query', `against ${sizes[0]!.toLocaleString('en')}`],
        ...sizes.map((size, index) => [
          size.toLocaleString('en'),
          spread(found[index]!, 2),
          index === 0 ? '1' : spread(ratios, 2),
        ]),
      ],
    ],
    goals: [
      {
        what: 'board query with 1,000,000 old orders against 1,000',
        reach: `≤ ${wanted} ×`,
        measured: `${median(ratios).toFixed(2)} ×`,
        met: median(ratios) <= wanted,
      },
    ],
  }
}

/** Mean of a query, in milliseconds. */
async function roundTrip({ url }: Shop): Promise<number> {
  const began = performance.now()
  for (let count = 0; count < queries; count += 1) {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{"query":"{ board { cursor orders { number status createdAt } } }"}',
    })
    const { data } = (await response.json()) as { data: { board: { orders: object[] } } }
    if (data.board.orders.length !== open) throw new Error('the board does not show what is open')
  }
  return (performance.now() - began) / queries
}

/** Years of orders, and those that are being prepared. */
function fill(file: string, size: number): void {
  const database = new Database(file)
  const shop = database.prepare('select id from shop').pluck().get()
  const insert = database.prepare(
    `insert into orders (id, shop_id, number, status, source, currency, total_minor, created_at, updated_at)
     values (?, ?, ?, ?, 'API', 'USD', 550, ?, ?)`,
  )
  const day = 86_400_000
  database.transaction(() => {
    for (let index = 0; index < size + open; index += 1) {
      const old = index < size
      const at = old ? Date.now() - 1_000 * day + (index * 999 * day) / size : Date.now()
      const number = old ? 1_000 + (index % 9_000) : 1_000 + index
      const status = old ? 'PICKED_UP' : 'RECEIVED'
      insert.run(`ord_${randomBytes(12).toString('hex')}`, shop, String(number), status, at, at)
    }
  })()
  database.close()
}
