import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'
import { WebSocket } from 'ws'
import { measured, stayOff } from './cores.ts'
import { type Program, startProgram } from './program.ts'
import type { Section } from './report.ts'
import { type Shop, startShop } from './shop.ts'
import { median, note, percentilesOf, shown, spread } from './statistics.ts'

const subscribers = 1_000
/** Sockets that are opened at once. */
const atOnce = 50
const rounds = 5
const events = 20
const pauseMs = 100

const orderEvents = `subscription {
  orderEvents {
    type cursor
    order { id number status createdAt total { amount currency } items { flavor toppings addOns sweetness ice } }
  }
}`
const boardEvents = 'subscription { boardEvents { type cursor order { number status createdAt readyAt } } }'

/** What is told to the bare sockets: as long as an event with its order. */
const message = JSON.stringify({
  id: '1',
  type: 'next',
  payload: { data: { orderEvents: { type: 'ORDER_CREATED', order: 'x'.repeat(300) } } },
})

interface Listening {
  name: string
  program: Pick<Program, 'url' | 'measure'>
  /** Makes something happen. */
  happen: () => Promise<void>
  sockets: WebSocket[]
  took: RecordableHistogram
  /** CPU milliseconds of the program for one event at all subscribers, by rounds. */
  cpu: number[]
}

/** How soon a thousand subscribers know of an order, beside a program that only sends. */
export async function subscribersOf(log: (line: string) => void): Promise<Section> {
  const giveBack = stayOff()
  const start = () =>
    startShop({ core: measured, scopes: ['orders:read', 'orders:write'], rateLimitFactor: 1_000 })
  const shops = [await start(), await start()] as const
  const bare = await startProgram('bench/broadcast.ts', { core: measured })
  const open: Listening[] = []
  try {
    const listening = (name: string, program: Listening['program'], happen: Listening['happen']) => {
      const each = { name, program, happen, sockets: [], took: createHistogram(), cpu: [] }
      open.push(each)
      return each
    }
    const send = async () => void (await fetch(bare.url, { method: 'POST', body: message }))
    await listen(listening('bare `ws` broadcast', bare, send))
    await listen(
      listening('`boardEvents`', shops[0], () => place(shops[0])),
      boardEvents,
    )
    await listen(
      listening('`orderEvents` with the order', shops[1], () => place(shops[1])),
      orderEvents,
      shops[1].key,
    )
    for (const each of open) await tell(each)
    for (const each of open) [each.took, each.cpu] = [createHistogram(), []]
    for (let round = 1; round <= rounds; round += 1) {
      for (const each of open) await tell(each)
      log(
        `subscribers: round ${round} of ${rounds}: ${open.map(({ cpu }) => cpu.at(-1)!.toFixed(1)).join(' ')} ms CPU`,
      )
    }
    const bareCpu = median(open[0]!.cpu)
    return {
      title: 'Subscribers',
      how: `\`npm run bench -- subscribers\`. ${subscribers.toLocaleString('en')} sockets each, by turns, ${rounds} rounds of ${events} orders by \`placeOrder\`, ${pauseMs} ms between them; the built api on a core of its own with SQLite in a file, the sockets in one process on the other core. The broadcast is a program that sends a message of the same length to every \`ws\` socket and does nothing else. “At each of them” is from sending the order, or the message, until a subscriber has the event; CPU is the whole program's for one event, so it holds the order itself. An order is two events, one when it is placed and one when its text is on its way. What subscribers with the same document and the same rights are told of an event is worked out once; each message is still put into words for its own socket.`,
      tables: [
        [
          [
            'Subscribers',
            'at each of them, p50 / p95 / p99, ms',
            'CPU for one event, ms',
            'against the broadcast',
          ],
          ...open.map(({ name, took, cpu }) => [
            name,
            shown(percentilesOf(took)),
            spread(cpu),
            `${(median(cpu) / bareCpu).toFixed(1)} ×`,
          ]),
        ],
      ],
      goals: [],
    }
  } finally {
    for (const { sockets } of open) for (const socket of sockets) socket.terminate()
    await bare.stop()
    for (const shop of shops) await shop.close()
    giveBack()
  }
}

/** Lets some things happen, and waits each time until all know of it. */
async function tell({ program, happen, sockets, took, cpu }: Listening): Promise<void> {
  const before = await program.measure()
  for (let count = 0; count < events; count += 1) {
    const began = performance.now()
    const all = sockets.map(
      socket =>
        new Promise<void>(resolve => {
          const hear = (data: Buffer) => {
            if (!data.includes('ORDER_CREATED')) return
            note(took, performance.now() - began)
            socket.off('message', hear)
            resolve()
          }
          socket.on('message', hear)
        }),
    )
    await happen()
    await Promise.all(all)
    await new Promise(resolve => setTimeout(resolve, pauseMs))
  }
  const after = await program.measure()
  cpu.push(((after.cpu - before.cpu) * 1_000) / events)
}

async function place({ url, key }: Shop): Promise<void> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${key}` },
    body: JSON.stringify({
      query: `mutation ($key: String!) {
        placeOrder(idempotencyKey: $key, input: { phone: "555-123-4567", drinks: [{ flavor: "taro" }] }) {
          __typename
        }
      }`,
      variables: { key: crypto.randomUUID() },
    }),
  })
  const { data } = (await response.json()) as { data: { placeOrder: { __typename: string } } }
  if (data.placeOrder.__typename !== 'PlacedOrder') throw new Error('an order was not placed')
}

/** Opens the sockets; with a query each of them listens by graphql-transport-ws. */
async function listen({ program, sockets }: Listening, query?: string, key?: string): Promise<void> {
  const one = () =>
    new Promise<void>((resolve, reject) => {
      const address = program.url.replace('http', 'ws')
      const settings = { perMessageDeflate: false }
      const socket = query
        ? new WebSocket(`${address}/graphql`, 'graphql-transport-ws', settings)
        : new WebSocket(address, settings)
      sockets.push(socket)
      // A round has a listener besides for each event.
      socket.setMaxListeners(0)
      socket.on('error', reject)
      socket.on('open', () => {
        if (!query) return resolve()
        const payload = key ? { authorization: `Bearer ${key}` } : {}
        socket.send(JSON.stringify({ type: 'connection_init', payload }))
      })
      socket.on('message', data => {
        const text = (data as Buffer).toString()
        if (text.includes('connection_ack')) {
          socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }))
        } else if (text.includes('"ping"')) socket.send('{"type":"pong"}')
        // The first beat says that it has caught up.
        else if (text.includes('HEARTBEAT')) resolve()
      })
    })
  while (sockets.length < subscribers) {
    await Promise.all(Array.from({ length: Math.min(atOnce, subscribers - sockets.length) }, one))
  }
}
