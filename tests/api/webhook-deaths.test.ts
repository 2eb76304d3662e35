import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Order } from '../../api/orders/order.entity.ts'
import {
  databaseUrl,
  onServer,
  postgresql,
  staffPin,
  startApi,
  type TestApi,
  webhookKey,
} from '../support/api.ts'
import { build, run, type Running } from '../support/built.ts'
import { Random } from '../support/random.ts'
import { opened, type Receiver, startReceiver } from '../support/webhook-receiver.ts'
import { registerWebhook, webhookState } from '../support/webhooks.ts'

let folder: string
let database: string
let receiver: Receiver
beforeAll(async () => {
  await build()
  folder = await mkdtemp(join(tmpdir(), 'boba-deaths-'))
  database = postgresql() ? databaseUrl() : `sqlite:${join(folder, 'shop.db')}`
  receiver = await startReceiver()
}, 120_000)
afterAll(async () => {
  await receiver.close()
  if (postgresql()) await onServer(`drop database "${new URL(database).pathname.slice(1)}" with (force)`)
  await rm(folder, { recursive: true })
})

const rounds = 4

/** What is left in the middle by the dead is taken up after a tenth of a second. */
const startLast = (): Promise<TestApi> =>
  startApi({ database, webhooks: { allowPrivate: true, poll: 20, backOff: 10, abandoned: 100 } })

/** An order by API; undefined when the process died before it answered. */
async function place(url: string, key: string, idempotencyKey: string): Promise<string | undefined> {
  const query = `mutation ($key: String!) {
    placeOrder(input: { drinks: [{ flavor: "taro" }], phone: "+15551234567" }, idempotencyKey: $key) {
      ... on PlacedOrder { order { number } } } }`
  try {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${key}` },
      body: JSON.stringify({ query, variables: { key: idempotencyKey } }),
    })
    return (await response.json()).data?.placeOrder.order.number
  } catch {
    return undefined
  }
}

test('a process that is killed at any moment loses no event, and sends none under another id', async () => {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
  const random = new Random(seed * 2_654_435_761)
  const first = await startLast()
  const key = await first.key('webhooks:write', 'orders:read', 'orders:write')
  const { id, secret } = await registerWebhook(first, key, { url: receiver.url })
  await first.close()

  const answered: string[] = []
  let child: Running | undefined
  let countdown = 0
  receiver.reactTo(() => {
    countdown -= 1
    // Before it has an answer, or right after: then nobody has noted that it was taken.
    if (countdown === 0) child?.child.kill('SIGKILL')
    if (countdown === 1) setImmediate(() => child?.child.kill('SIGKILL'))
    return random.chance(15) ? { status: 500 } : undefined
  })
  for (let round = 0; round < rounds; round += 1) {
    child = run('api', {
      DATABASE_URL: database,
      API_PORT: '0',
      STAFF_PIN: staffPin,
      WEBHOOK_KEY: webhookKey,
      WEBHOOK_ALLOW_PRIVATE: 'true',
      LOG_LEVEL: 'silent',
    })
    const { ready: url } = await child.ready
    countdown = 1 + random.below(4)
    // The last one dies of its orders at the latest.
    const deadline = random.below(3) === 0 ? 1 + random.below(5) : 6
    for (let i = 0; i < 6; i += 1) {
      if (i === deadline) child.child.kill('SIGKILL')
      const number = await place(url, key, `${seed} ${round} ${i}`)
      if (number) answered.push(number)
    }
    child.child.kill('SIGKILL')
    await child.ended
  }
  child = undefined
  receiver.reactTo(() => undefined)

  const last = await startLast()
  try {
    const placed = (await last.orm.em.fork().findAll(Order)).map(({ number }) => number).toSorted()
    const told = `seed ${seed}`
    expect(placed, told).toEqual(expect.arrayContaining(answered))
    await expect
      .poll(
        async () => {
          const { nodes } = (await webhookState(last, key, id)).deliveries
          return nodes.filter(({ status }) => status === 'DELIVERED').length
        },
        { timeout: 20_000, message: told },
      )
      .toBe(placed.length)
    const ids = new Map<string, Set<string>>()
    for (const each of receiver.received) {
      const { number } = opened<{ order: { number: string } }>(each, secret).data.order
      ids.set(number, (ids.get(number) ?? new Set()).add(each.id))
    }
    expect([...ids.keys()].toSorted(), told).toEqual(placed)
    for (const same of ids.values()) expect(same.size, told).toBe(1)
    expect(new Set([...ids.values()].flatMap(same => [...same])).size, told).toBe(placed.length)
  } finally {
    await last.close()
  }
}, 120_000)
