import { LockMode } from '@mikro-orm/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { EventType } from '../../api/events/event.entity.ts'
import { Order } from '../../api/orders/order.entity.ts'
import { shopOf } from '../../api/shops/shop-of.ts'
import { Sms } from '../../api/sms/sms.entity.ts'
import { type ApiOptions, databaseUrl, onServer, startApi, type TestApi } from '../support/api.ts'
import { listen, type Listener } from '../support/listener.ts'
import { move, placeOrder } from '../support/orders.ts'
import { phoneCall } from '../support/phone-call.ts'
import { type Proxy, startProxy } from '../support/proxy.ts'
import { startSmsProvider } from '../support/sms-provider.ts'
import { opened, startReceiver } from '../support/webhook-receiver.ts'
import { registerWebhook } from '../support/webhooks.ts'

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
      const bodies: string[] = []
      for (let i = 0; i < 80; i += 1) bodies.push((await provider.next()).body)
      const numbers = (text: RegExp) => bodies.flatMap(body => text.exec(body)?.[1] ?? []).sort()
      const expected = orders.map(({ number }) => number).sort()
      expect(numbers(/number is (\d{4})\./)).toEqual(expected)
      expect(numbers(/#(\d{4}) is now ready/)).toEqual(expected)
      // Each order: placed, ready, and each text twice, when it is wanted and when it was sent.
      await expect.poll(() => cursorOf(apis[0]!)).toBe(String(40 * 6))
      expect(provider.attempts.send).toBe(80)
      // Nobody had to wait for somebody who waited for them.
      const name = new URL(database).pathname.slice(1)
      expect(await onServer(`select deadlocks from pg_stat_database where datname = '${name}'`)).toEqual([
        { deadlocks: '0' },
      ])
    } finally {
      await provider.close()
    }
  })
})

test('several at once send each event to a webhook once, and those of one that is gone', async () => {
  const receiver = await startReceiver()
  try {
    const options = { webhooks: { allowPrivate: true, poll: 20 } }
    const apis = [await start(options), await start(options)]
    const key = await apis[0]!.key('orders:read', 'orders:write', 'webhooks:write')
    const { secret } = await registerWebhook(apis[0]!, key, { url: receiver.url })
    const numbersOf = async (count: number) => {
      const numbers: string[] = []
      for (let i = 0; i < count; i += 1) {
        const { data } = opened<{ order: { number: string } }>(await receiver.next(), secret)
        numbers.push(data.order.number)
      }
      return numbers.toSorted()
    }
    const orders = await Promise.all(Array.from({ length: 30 }, (_, i) => placeOrder(apis[i % 2]!, key)))
    expect(await numbersOf(30)).toEqual(orders.map(({ number }) => number).toSorted())
    const [gone] = running.splice(running.indexOf(apis[0]!), 1) as TestApi[]
    await gone!.close()
    const { number } = await placeOrder(apis[1]!, key)
    expect(await numbersOf(1)).toEqual([number])
    expect(new Set(receiver.received.map(({ id }) => id)).size).toBe(31)
    expect(receiver.received).toHaveLength(31)
  } finally {
    await receiver.close()
  }
})

describe('a database that goes away', () => {
  let proxy: Proxy
  beforeEach(async () => {
    proxy = await startProxy(database)
  })
  afterEach(() => proxy.close())

  const health = async (api: TestApi) => {
    const response = await fetch(`${api.url}/healthz`)
    return { status: response.status, body: await response.json() }
  }
  const well = { status: 200, body: { status: 'ok' } }
  const ill = { status: 503, body: { status: 'failing', missing: ['database'] } }

  test('is told as one, and when it is back all goes on', async () => {
    const log = { poll: 50, heartbeat: 50 }
    const api = await start({ database: proxy.url, log, sms: { poll: 50 } })
    const direct = await start({ log, sms: { poll: anHour } })
    const [key, calls, staff] = [await keyOf(api), await api.key('calls:write'), await api.signIn()]
    const call = await phoneCall(api, calls)
    const { id } = await placeOrder(api, key)
    const before = await cursorOf(api)
    const listener = follow(api, key, before)
    await listener.beat()

    proxy.cut()
    const drink = '{ flavor: "taro" }'
    for (const [mutation, as] of [
      [`addToCart(call: "${call.id}", request: "1", drink: ${drink}) { ok }`, calls],
      [`markOrderReady(id: "${id}") { __typename }`, staff],
      [`startCall(input: { callSid: "CA2" }) { id }`, calls],
      [`signIn(pin: "482913") { __typename }`, undefined],
    ] as const) {
      // More often than there are connections, none of which may be lost for good.
      for (let i = 0; i < 15; i += 1) {
        const { errors } = await api.ask(`mutation { ${mutation} }`, {}, as)
        expect(errors).toMatchObject([
          {
            message: 'The database could not be reached. Nothing was changed; try again in a moment.',
            extensions: { code: 'UNAVAILABLE', requestId: expect.any(String) },
          },
        ])
      }
    }
    expect(await health(api)).toEqual(ill)
    // Who comes now is told to come again.
    expect(await listen(api, { field: 'orderEvents', key }).ended).toMatchObject({ code: 1013 })
    const meanwhile = []
    for (let i = 0; i < 3; i += 1) meanwhile.push((await placeOrder(direct, key)).number)

    proxy.mend()
    await expect.poll(() => health(api)).toEqual(well)
    expect(await call.run('addToCart', { drink: { flavor: 'taro' } }, '1')).toMatchObject({ ok: true })
    expect(await move(api, staff, 'markOrderReady', id)).toMatchObject({ status: 'READY' })
    const last = await placeOrder(api, key)
    const seen = []
    for (let next = Number(before) + 1; seen.length < 4; next += 1) {
      const event = await listener.next()
      expect(Number(event.cursor)).toBe(next)
      if (event.type === 'ORDER_CREATED') seen.push(event.order!.number)
    }
    expect(seen).toEqual([...meanwhile, last.number])
  })

  test('because its server is restarted harms nobody', async () => {
    const api = await start({ log: { poll: 50, heartbeat: 50 } })
    const key = await keyOf(api)
    const before = await cursorOf(api)
    const listener = follow(api, key, before)
    await listener.beat()
    const placed = new Set<string>()
    for (let i = 0; i < 5; i += 1) {
      const orders = Array.from({ length: 10 }, async (_, n) => {
        // As an integrator does: the same key, until there is an answer.
        for (;;) {
          const { data, errors } = await api.ask<{ placeOrder: { order: { number: string } } }>(
            `mutation ($key: String!) {
              placeOrder(input: { drinks: [{ flavor: "taro" }], phone: "+15551234567" }, idempotencyKey: $key) {
                ... on PlacedOrder { order { number } }
              }
            }`,
            { key: `${i} ${n}` },
            key,
          )
          if (data) return placed.add(data.placeOrder.order.number)
          expect(errors).toMatchObject([{ extensions: { code: 'UNAVAILABLE' } }])
        }
      })
      const name = new URL(database).pathname.slice(1)
      await onServer(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`)
      await Promise.all(orders)
    }
    const seen = []
    for (let next = Number(before) + 1; seen.length < 50; next += 1) {
      const event = await listener.next()
      expect(Number(event.cursor)).toBe(next)
      if (event.type === 'ORDER_CREATED') seen.push(event.order!.number)
    }
    expect(new Set(seen)).toEqual(placed)
  })
})

test('two changes that wait for each other are both made', async () => {
  const api = await start()
  const [a, b] = await Promise.all([placeOrder(api, await keyOf(api)), placeOrder(api, await keyOf(api))])
  // Nobody else shall hold one of them.
  await expect.poll(() => api.orm.em.fork().count(Sms)).toBe(2)
  const bothHaveOne = Promise.withResolvers<void>()
  let first = 0
  const rename = (one: string, other: string) =>
    api.log.change(api.orm.em.fork(), async ({ em }) => {
      const lock = { lockMode: LockMode.PESSIMISTIC_WRITE } as const
      ;(await em.findOneOrFail(Order, one, lock)).name += ' first'
      first += 1
      if (first === 2) bothHaveOne.resolve()
      await bothHaveOne.promise
      ;(await em.findOneOrFail(Order, other, lock)).name += ' second'
    })
  await Promise.all([rename(a.id, b.id), rename(b.id, a.id)])
  expect(first).toBeGreaterThan(2)
  const names = (await api.orm.em.fork().findAll(Order)).map(({ name }) => name).sort()
  expect(names).toEqual(['Ada first second', 'Ada second first'])
})
