import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { entities, openDatabase } from '../../api/database.ts'
import { Event, EventType } from '../../api/events/event.entity.ts'
import { OrderItem } from '../../api/orders/order-item.entity.ts'
import { Order } from '../../api/orders/order.entity.ts'
import { Shop } from '../../api/shops/shop.entity.ts'
import { shopOf } from '../../api/shops/shop-of.ts'
import { Sms } from '../../api/sms/sms.entity.ts'
import { WebhookDelivery } from '../../api/webhooks/webhook-delivery.entity.ts'
import { Webhook } from '../../api/webhooks/webhook.entity.ts'
import { databaseUrl, startApi, type TestApi } from '../support/api.ts'
import { move, placeOrder } from '../support/orders.ts'
import { phoneCall } from '../support/phone-call.ts'

test('the migrations make every table as the entities have it', async () => {
  const orm = await openDatabase(databaseUrl())
  expect(await orm.schema.getUpdateSchemaSQL({ wrap: false })).toBe('')
  await orm.close(true)
})

test('is not made where an existing one is wanted', async () => {
  const database = databaseUrl()
  // Twice: the first time might have made it.
  for (let i = 0; i < 2; i += 1) {
    await expect(openDatabase(database, { existing: true })).rejects.toThrow(
      /no database .* yet\. Check DATABASE_URL/,
    )
  }
})

test('what was only read is not written', async () => {
  const statements: string[] = []
  const api = await startApi({ onQuery: sql => void statements.push(sql) })
  const call = await phoneCall(api, await api.key('calls:write'))
  await call.run('addToCart', { drink: { flavor: 'taro' } })
  await call.run('checkoutOrder', { phone: '555-123-4567' })
  await api.signIn()
  await api.ask('{ orders(first: 1) { nodes { phone } } }', {}, await api.key('orders:read', 'orders:pii'))
  const em = api.orm.em.fork()
  await expect.poll(() => em.count(Sms)).toBe(1)
  const disabledAt = new Date()
  const webhook = em.create(Webhook, {
    ...{ shop: 'shop_x', apiKey: 'key_x', url: 'https://example.com', salt: 'x', seq: 0, disabledAt },
    eventTypes: [EventType.ORDER_CREATED],
  })
  em.create(WebhookDelivery, {
    webhook,
    seq: 1,
    type: EventType.ORDER_CREATED,
    at: disabledAt,
    until: disabledAt,
  })
  await em.flush()
  em.clear()
  for (const entity of entities) expect(await em.find<object>(entity, {})).not.toEqual([])
  statements.length = 0
  await em.flush()
  // What is looked at in the background does not count.
  expect(statements.filter(sql => !sql.startsWith('select'))).toEqual([])
  await api.close()
})

describe('transactions at the same time', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await startApi()
  })
  afterAll(() => api.close())

  test('are never mixed up, and what is rolled back was never seen', async () => {
    const seen = new Set<string>()
    const rename = async (i: number) =>
      api.log.change(api.orm.em.fork(), async tx => {
        const shop = await shopOf(tx.em)
        shop.name = `draft ${i}`
        await tx.append(shop.id, { type: EventType.SHOP_CHANGED })
        // Gives every other transaction and reader the chance to come in between.
        await new Promise(setImmediate)
        if (i % 2) throw new Error('rolled back')
        shop.name = `done ${i}`
        await new Promise(setImmediate)
      })
    const look = async () => seen.add((await shopOf(api.orm.em.fork())).name)
    const { name, eventSeq } = await shopOf(api.orm.em.fork())
    const results = await Promise.allSettled(
      Array.from({ length: 40 }, (_, i) => [rename(i), look(), look()]).flat(),
    )
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(20)
    expect([...seen].filter(each => each !== name && !each.startsWith('done '))).toEqual([])
    const after = await shopOf(api.orm.em.fork())
    expect(after.eventSeq).toBe(eventSeq + 20)
    const events = await api.log.read(after.id, eventSeq, 100)
    expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: 20 }, (_, i) => eventSeq + 1 + i))
  })
})

describe('a database file', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'boba-db-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  test('keeps its shop: the menu file fills an empty one only', async () => {
    const url = `sqlite:${join(folder, 'new/shop.db')}`
    const first = await startApi({ database: url })
    await first.orm.em.fork().nativeUpdate(Shop, {}, { name: 'Renamed' })
    await first.close()
    const second = await startApi({ database: url })
    const { data } = await second.ask('{ menu { shop { name } items { name } } }')
    expect(data).toMatchObject({ menu: { shop: { name: 'Renamed' } } })
    expect((data as unknown as { menu: { items: object[] } }).menu.items).toHaveLength(7)
    await second.close()
  })

  test('that another program has locked can be read, and is written again when it is free', async () => {
    const file = join(folder, 'locked.db')
    const api = await startApi({ database: `sqlite:${file}` })
    const other = new Database(file)
    try {
      const key = await api.key('orders:write', 'orders:read')
      const { id } = await placeOrder(api, key)
      other.exec('begin immediate')
      const { data, errors } = await api.ask(
        `mutation { markOrderReady(id: "${id}") { __typename } }`,
        {},
        key,
      )
      expect(data).toBeNull()
      expect(errors).toMatchObject([
        { message: expect.stringContaining('Nothing was changed'), extensions: { code: 'UNAVAILABLE' } },
      ])
      expect(await statusOf(api, key, id)).toBe('RECEIVED')
      other.exec('rollback')
      expect(await move(api, key, 'markOrderReady', id)).toMatchObject({ status: 'READY' })
    } finally {
      other.close()
      await api.close()
    }
  })

  test('without room can be read, has nothing half-written, and is written again when there is room', async () => {
    const api = await startApi({ database: `sqlite:${join(folder, 'full.db')}` })
    try {
      const em = api.orm.em.fork()
      const key = await api.key('orders:write', 'orders:read')
      const room = async (pages: string) => em.execute(`pragma max_page_count = ${pages}`)
      // Less than there are: nothing more than what the pages hold.
      await room('1')
      let refused
      let placed = 0
      for (; !refused; placed += refused ? 0 : 1) {
        const { errors } = await api.ask(
          `mutation { placeOrder(input: { drinks: [{ flavor: "taro" }], phone: "+15551234567" }, idempotencyKey: "${placed}") {
            __typename
          } }`,
          {},
          key,
        )
        refused = errors
      }
      expect(refused).toMatchObject([
        { message: expect.stringContaining('no room left'), extensions: { code: 'UNAVAILABLE' } },
      ])
      expect(await em.count(Order)).toBe(placed)
      expect(await em.count(OrderItem)).toBe(placed)
      expect(await em.count(Event, { type: EventType.ORDER_CREATED })).toBe(placed)
      expect((await fetch(`${api.url}/healthz`)).status).toBe(200)
      await room('1000000')
      const { id } = await placeOrder(api, key)
      expect(await statusOf(api, key, id)).toBe('RECEIVED')
      const { id: shop, eventSeq } = await shopOf(api.orm.em.fork())
      const events = await api.log.read(shop, 0, 10_000)
      expect(events.map(({ seq }) => seq).slice(0, eventSeq)).toEqual(
        Array.from({ length: eventSeq }, (_, i) => i + 1),
      )
    } finally {
      await api.close()
    }
  })
})

async function statusOf(api: TestApi, key: string, id: string): Promise<string> {
  const { data } = await api.ask<{ order: { status: string } }>(
    'query ($id: ID!) { order(id: $id) { status } }',
    { id },
    key,
  )
  return data.order.status
}
