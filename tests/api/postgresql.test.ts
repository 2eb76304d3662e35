import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { EventType } from '../../api/events/event.entity.ts'
import { shopOf } from '../../api/shops/shop-of.ts'
import { type ApiOptions, databaseUrl, onServer, startApi, type TestApi } from '../support/api.ts'
import { listen, type Listener } from '../support/listener.ts'
import { move, placeOrder } from '../support/orders.ts'
import { startSmsProvider } from '../support/sms-provider.ts'

/** Several api processes on one PostgreSQL database. */
const anHour = 3_600_000

let database: string
const running: (TestApi | Listener)[] = []
beforeEach(() => {
  database = databaseUrl()
})
afterEach(async () => {
  for (const each of running.splice(0).reverse()) await ('close' in each ? each.close() : each.stop())
  await onServer(`drop database "${new URL(database).pathname.slice(1)}" with (force)`)
})

async function start(options: ApiOptions = {}): Promise<TestApi> {
  const api = await startApi({ database, ...options })
  running.push(api)
  return api
}

function follow(api: TestApi, key: string, after?: string): Listener {
  const listener = listen(api, { field: 'orderEvents', key, after })
  running.push(listener)
  return listener
}

const keyOf = (api: TestApi) => api.key('orders:read', 'orders:write')

const cursorOf = async (api: TestApi) =>
  (await api.ask<{ board: { cursor: string } }>('{ board { cursor } }')).data.board.cursor

/** The cursors of the next so many events. */
async function cursorsOf(listener: Listener, count: number): Promise<number[]> {
  const cursors = []
  for (let i = 0; i < count; i += 1) cursors.push(Number((await listener.next()).cursor))
  return cursors
}

const consecutive = (after: number, count: number) => Array.from({ length: count }, (_, i) => after + 1 + i)

describe('several at once', () => {
  test.each([
    ['that is not there', async () => undefined],
    ['that is empty', async () => onServer(`create database "${new URL(database).pathname.slice(1)}"`)],
  ])('start on a database %s', async (_, prepare) => {
    await prepare()
    const apis = await Promise.all(
      Array.from({ length: 4 }, () => start({ env: { VOICE_API_KEY: `boba_${'x'.repeat(20)}` } })),
    )
    for (const api of apis) {
      const { data } = await api.ask('{ menu { shop { name } items { name } } }')
      expect(data).toMatchObject({ menu: { shop: { name: 'BobaRista' } } })
      expect((data as unknown as { menu: { items: object[] } }).menu.items).toHaveLength(7)
    }
  })

  test('see what each other commits, without looking', async () => {
    const quiet = { log: { poll: anHour, heartbeat: 50 }, sms: { poll: anHour } }
    const [a, b] = [await start(quiet), await start(quiet)]
    const key = await keyOf(a)
    const listener = follow(b, key)
    await listener.beat()
    const order = await placeOrder(a, key)
    expect(await listener.next()).toMatchObject({ type: 'ORDER_CREATED', order: { number: order.number } })
  })

  test('number the events in one order without a hole, however many write', async () => {
    const log = { poll: anHour }
    const apis = [await start({ log }), await start({ log })]
    const key = await keyOf(apis[0]!)
    const before = await cursorOf(apis[0]!)
    const listeners = apis.map(api => follow(api, key, before))
    const { id } = await shopOf(apis[0]!.orm.em.fork())
    const writing = Array.from({ length: 100 }, async (_, i) => {
      const api = apis[i % 2]!
      await api.log.change(api.orm.em.fork(), async tx => {
        await tx.append(id, { type: EventType.MENU_CHANGED })
        await tx.append(id, { type: EventType.SHOP_CHANGED })
        if (i % 5 === 0) throw new Error('rolled back')
      })
    })
    await Promise.allSettled(writing)
    for (const listener of listeners) {
      expect(await cursorsOf(listener, 160)).toEqual(consecutive(Number(before), 160))
    }
  })

  test('send each text once', async () => {
    const provider = await startSmsProvider()
    try {
      const options = {
        env: { ...provider.env, PUBLIC_URL: 'https://boba.example.com' },
        sms: { poll: 20, backOff: 10 },
      }
      const apis = [await start(options), await start(options)]
      const key = await keyOf(apis[0]!)
      const orders = await Promise.all(
        Array.from({ length: 40 }, async (_, i) => {
          const order = await placeOrder(apis[i % 2]!, key)
          await move(apis[(i + 1) % 2]!, key, 'markOrderReady', order.id)
          return order
        }),
      )
      const bodies = []
      for (let i = 0; i < 80; i += 1) bodies.push((await provider.next()).body)
      const numbers = (text: RegExp) => bodies.flatMap(body => text.exec(body)?.[1] ?? []).sort()
      const expected = orders.map(({ number }) => number).sort()
      expect(numbers(/number is (\d{4})\./)).toEqual(expected)
      expect(numbers(/#(\d{4}) is now ready/)).toEqual(expected)
      // Each order: placed, ready, and each text twice, when it is wanted and when it was sent.
      await expect.poll(() => cursorOf(apis[0]!)).toBe(String(40 * 6))
      expect(provider.attempts.send).toBe(80)
    } finally {
      await provider.close()
    }
  })
})
