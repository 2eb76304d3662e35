import { createHistogram } from 'node:perf_hooks'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { WebSocket } from 'ws'
import { measured, stayOff } from './cores.ts'
import type { Section } from './report.ts'
import { type Shop, startShop, temporaryFolder } from './shop.ts'
import { note, type Percentiles, percentilesOf, shown } from './statistics.ts'

/** Boards that show the shop in which orders are placed. */
const watching = 1_000
/** Boards of another shop, where nothing happens. */
const idle = 10_000
/** Sockets that are opened at once. */
const atOnce = 50
const orders = 60
const pauseMs = 100
const wantedGlass = 200

/** How soon a board knows of an order, and what ten thousand idle ones cost an order. */
export async function boards(log: (line: string) => void): Promise<Section> {
  const { folder, remove } = temporaryFolder()
  const giveBack = stayOff()
  const database = `sqlite:${join(folder, 'bobarista.db')}`
  await (await startShop({ database })).close()
  const other = addShop(join(folder, 'bobarista.db'))
  const shop = await startShop({ database, core: measured, scopes: ['orders:write'] })
  const open: WebSocket[] = []
  const glass = createHistogram()
  let placedAt = 0
  try {
    await place(shop, 20)
    const alone = await place(shop, orders)
    log(`boards: nobody listens, an order takes ${alone.p50} ms`)
    await listen(shop, open, idle, other, () => undefined)
    const besides = await place(shop, orders)
    log(`boards: ${idle} idle boards, an order takes ${besides.p50} ms`)
    for (const socket of open.splice(0)) socket.terminate()
    await listen(shop, open, watching, undefined, () => note(glass, performance.now() - placedAt))
    const seen = await place(shop, orders, () => (placedAt = performance.now()))
    const found = percentilesOf(glass)
    log(`boards: ${watching} boards, on the glass after ${found.p95} ms`)
    const row = (who: string, order: Percentiles, board?: Percentiles) => [
      who,
      shown(order),
      board ? shown(board) : '–',
    ]
    return {
      title: 'Boards',
      how: `\`npm run bench -- boards\`. ${orders} orders by \`placeOrder\`, ${pauseMs} ms between them, over HTTP to the built api on a core of its own with SQLite in a file; the boards are sockets with \`boardEvents\` in one process on the other core. An idle board belongs to another shop and gets only heartbeats. “On the glass” is from sending the order to the event at each of the boards, so it holds the order itself, and this process reading ${watching} sockets.`,
      tables: [
        [
          ['Listening', 'an order, p50 / p95 / p99, ms', 'on the glass, p50 / p95 / p99, ms'],
          row('nobody', alone),
          row(`${idle.toLocaleString('en')} idle boards`, besides),
          row(`${watching.toLocaleString('en')} boards`, seen, found),
        ],
      ],
      goals: [
        {
          what: `order on the glass, ${watching.toLocaleString('en')} boards, p95`,
          reach: `≤ ${wantedGlass} ms`,
          measured: `${found.p95.toFixed(0)} ms`,
          met: found.p95 <= wantedGlass,
        },
      ],
    }
  } finally {
    for (const socket of open) socket.terminate()
    await shop.close()
    remove()
    giveBack()
  }
}

/** A second shop. → its id */
function addShop(file: string): string {
  const database = new Database(file)
  const columns = (database.pragma('table_info(shop)') as { name: string }[]).map(({ name }) => `"${name}"`)
  const values = columns.map(name => (name === '"id"' ? "'shop_other'" : name === '"phone"' ? 'null' : name))
  database.exec(`insert into shop (${columns.join(', ')}) select ${values.join(', ')} from shop`)
  database.close()
  return 'shop_other'
}

/** Places orders one after the other. @param before called right before each */
async function place(shop: Shop, count: number, before?: () => void): Promise<Percentiles> {
  const took = createHistogram()
  const call = crypto.randomUUID()
  for (let index = 0; index < count; index += 1) {
    before?.()
    const began = performance.now()
    const response = await fetch(`${shop.url}/graphql`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${shop.key}` },
      body: JSON.stringify({
        query: `mutation ($key: String!) {
          placeOrder(idempotencyKey: $key, input: { phone: "555-123-4567", drinks: [{ flavor: "taro" }] }) {
            __typename
          }
        }`,
        variables: { key: `${call}.${index}` },
      }),
    })
    const { data } = (await response.json()) as { data: { placeOrder: { __typename: string } } }
    if (data.placeOrder.__typename !== 'PlacedOrder') throw new Error('an order was not placed')
    note(took, performance.now() - began)
    await new Promise(resolve => setTimeout(resolve, pauseMs))
  }
  return percentilesOf(took)
}

/** Opens as many boards; they tell of each new order. @param shop the oldest one if omitted */
async function listen(
  { url }: Shop,
  open: WebSocket[],
  count: number,
  shop: string | undefined,
  ordered: () => void,
): Promise<void> {
  const query =
    'subscription ($shop: ID) { boardEvents(shop: $shop) { type cursor waitMinutes order { number status createdAt readyAt } } }'
  const payload = { query, variables: { shop } }
  const one = () =>
    new Promise<void>((resolve, reject) => {
      const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', {
        perMessageDeflate: false,
      })
      open.push(socket)
      socket.on('error', reject)
      socket.on('open', () => socket.send('{"type":"connection_init"}'))
      socket.on('message', data => {
        const text = (data as Buffer).toString()
        if (text.includes('ORDER_CREATED')) ordered()
        else if (text.includes('connection_ack')) {
          socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload }))
          // A ping is answered after what came before it.
          socket.send('{"type":"ping"}')
        } else if (text.includes('"pong"')) resolve()
        else if (text.includes('"ping"')) socket.send('{"type":"pong"}')
      })
    })
  while (open.length < count) {
    await Promise.all(Array.from({ length: Math.min(atOnce, count - open.length) }, one))
  }
}
