import { createHistogram } from 'node:perf_hooks'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { measured, stayOff } from './cores.ts'
import { startProgram } from './program.ts'
import type { Section } from './report.ts'
import { startShop, temporaryFolder } from './shop.ts'
import { median, note, type Percentiles, percentilesOf, shown, spread } from './statistics.ts'

/** What an integrator asks who shows orders with their drinks. */
const page = `{
  orders(first: 20) {
    nodes {
      id number status createdAt
      total { amount currency }
      items { flavor toppings addOns sweetness ice }
    }
    pageInfo { hasNextPage endCursor }
  }
}`
const nothing = '{ __typename }'

/** Clients that ask one query after the other, each on a connection of its own. */
const clients = 8
const rounds = 5
const windowMs = 3_000
const wanted = 0.5

interface Target {
  name: string
  url: string
  key?: string
  query: string
  rates: number[]
  took: Percentiles[]
}

/** How many pages of orders a second are read, beside a query that asks for nothing. */
export async function queries(log: (line: string) => void): Promise<Section> {
  const { folder, remove } = temporaryFolder()
  const giveBack = stayOff()
  const file = join(folder, 'bobarista.db')
  await (await startShop({ database: `sqlite:${file}` })).close()
  fill(file)
  const shop = await startShop({
    database: `sqlite:${file}`,
    core: measured,
    scopes: ['orders:read'],
    rateLimitFactor: 1_000,
  })
  const bare = await startProgram('bench/bare-graphql.ts', {
    core: measured,
    env: { NODE_ENV: 'production' },
  })
  try {
    const of = (name: string, url: string, query: string, key?: string): Target => ({
      name,
      url,
      query,
      ...(key && { key }),
      rates: [],
      took: [],
    })
    const targets = [
      of('Apollo Server on Koa and nothing else, `{ __typename }`', bare.url, nothing),
      of('the api, `{ __typename }`, without a key', `${shop.url}/graphql`, nothing),
      of('the api, `{ __typename }`, with a key', `${shop.url}/graphql`, nothing, shop.key),
      of('the api, 20 orders with their items', `${shop.url}/graphql`, page, shop.key),
    ]
    for (const target of targets) await measure(target, windowMs)
    for (const target of targets) [target.rates, target.took] = [[], []]
    for (let round = 1; round <= rounds; round += 1) {
      for (const target of targets) await measure(target, windowMs)
      log(
        `queries: round ${round} of ${rounds}: ${targets.map(({ rates }) => rates.at(-1)!.toFixed(0)).join(' ')}`,
      )
    }
    const [, , empty, full] = targets
    const ratios = full!.rates.map((rate, index) => rate / empty!.rates[index]!)
    return {
      title: 'Queries',
      how: `\`npm run bench -- queries\`. ${clients} clients ask one query after the other over connections that stay open, of programs on a core of their own, by turns, ${rounds} rounds of ${windowMs / 1_000} s; median, with the least and the most. The page is \`orders(first: 20)\` with number, status, time, total and the drinks (6 kB), of 1,000 orders with two drinks each, from the built api with SQLite in a file. What it is held against is the same api, with the same key, limits and log, answering \`{ __typename }\`; a bare Apollo Server on Koa stands beside it to show what those cost. Times are of the last round.`,
      tables: [
        [
          ['Query', 'a second', 'p50 / p95 / p99, ms'],
          ...targets.map(({ name, rates, took }) => [name, spread(rates, 0), shown(took.at(-1)!)]),
        ],
      ],
      goals: [
        {
          what: '20 orders with their items against `{ __typename }`, queries a second',
          reach: `≥ ${wanted} ×`,
          measured: `${spread(ratios, 2)} ×`,
          met: median(ratios) >= wanted,
        },
      ],
    }
  } finally {
    await bare.stop()
    await shop.close()
    remove()
    giveBack()
  }
}

async function measure(target: Target, ms: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients })
  const took = createHistogram()
  const body = Buffer.from(JSON.stringify({ query: target.query }))
  const end = performance.now() + ms
  const began = performance.now()
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (performance.now() < end) {
        const at = performance.now()
        await ask(agent, target, body)
        note(took, performance.now() - at)
      }
    }),
  )
  target.rates.push((took.count * 1_000) / (performance.now() - began))
  target.took.push(percentilesOf(took))
  agent.destroy()
}

function ask(agent: Agent, { url, key }: Target, body: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = {
      'Content-Type': 'application/json',
      'Content-Length': body.length,
      ...(key && { Authorization: `Bearer ${key}` }),
    }
    const asked = request(url, { method: 'POST', agent, headers }, response => {
      if (response.statusCode !== 200) reject(new Error(`answered with ${response.statusCode}`))
      response.resume().once('end', resolve)
    })
    asked.once('error', reject)
    asked.end(body)
  })
}

function fill(file: string): void {
  const database = new Database(file)
  const shop = database.prepare('select id from shop').pluck().get()
  const order = database.prepare(
    `insert into orders (id, shop_id, number, status, source, currency, total_minor, created_at, updated_at)
     values (?, ?, ?, 'PICKED_UP', 'API', 'USD', 1250, ?, ?)`,
  )
  const item = database.prepare(
    `insert into order_item (id, order_id, position, flavor, toppings, add_ons, sweetness, ice, price_minor, label_prints)
     values (?, ?, ?, 'taro milk tea', '["boba"]', '[]', '50%', 'less ice', 625, 0)`,
  )
  database.transaction(() => {
    for (let index = 0; index < 1_000; index += 1) {
      const at = Date.now() - index * 60_000
      order.run(`ord_${index}`, shop, String(1_000 + index), at, at)
      for (const cup of [0, 1]) item.run(`cup_${index}_${cup}`, `ord_${index}`, cup)
    }
  })()
  database.close()
}
