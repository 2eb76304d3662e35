import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { expect, test } from 'vitest'
import { readApiEnv } from '../../api/env.ts'
import { Order, OrderSource } from '../../api/orders/order.entity.ts'
import { eraseBefore, forgetReads, keepHouse } from '../../api/retention.ts'
import { postgresql, startApi } from '../support/api.ts'
import { placeOrder } from '../support/orders.ts'
import { phoneCall } from '../support/phone-call.ts'

test('numbers, names and words are erased when they are old enough; what statistics need stays', async () => {
  const api = await startApi()
  try {
    const key = await api.key('calls:write', 'calls:read', 'orders:read', 'orders:pii')
    const call = await phoneCall(api, key, { from: '+15557654321' })
    await call.run('addToCart', { drink: { flavor: 'taro' } })
    await call.run('savePhoneNumber', { phone: '555-123-4567' })
    await call.run('transferToStaff', { reason: 'call 555-123-4567' })
    const { orderNumber } = await call.run('checkoutOrder', { name: 'Zoë' })
    await api.ask(
      `mutation ($call: ID!) {
        recordWords(input: { call: $call, from: 0, said: [{ speaker: CALLER, text: "it is 555-123-4567" }] })
      }`,
      { call: call.id },
      key,
    )
    const read = async () =>
      JSON.stringify(
        (
          await api.ask(
            `query ($id: ID!) { call(id: $id) {
              from phone transferReason erasedAt transcript { text } functions { name arguments answer }
              order { number phone name total { amount } items { flavor } }
            } }`,
            { id: call.id },
            key,
          )
        ).data,
      )
    const rows = async () =>
      JSON.stringify(
        await Promise.all(
          ['call', 'function_call', 'orders', 'order_item', 'sms', 'event'].map(table =>
            api.orm.em.fork().execute(`select * from ${api.orm.em.getPlatform().quoteIdentifier(table)}`),
          ),
        ),
      )
    expect(await eraseBefore(api.orm.em.fork(), new Date(Date.now() - 60_000))).toEqual({
      calls: 0,
      orders: 0,
    })
    for (const seen of [await read(), await rows()]) {
      expect(seen).toContain('5551234567')
      expect(seen).toContain('Zoë')
    }

    expect(await eraseBefore(api.orm.em.fork(), new Date(Date.now() + 60_000))).toEqual({
      calls: 1,
      orders: 1,
    })
    for (const seen of [await read(), await rows()]) {
      for (const gone of ['5551234567', '555-123-4567', '+15557654321', 'Zoë'])
        expect(seen).not.toContain(gone)
      expect(seen).toContain(orderNumber)
      expect(seen).toContain('taro milk tea')
    }
    expect(await eraseBefore(api.orm.em.fork(), new Date(Date.now() + 60_000))).toEqual({
      calls: 0,
      orders: 0,
    })
  } finally {
    await api.close()
  }
})

test.skipIf(postgresql())('and then no byte of them is left in the files of SQLite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'boba-retention-'))
  // Its own house-keeping would empty the log of what is written whenever it gets round to it.
  const api = await startApi({
    database: `sqlite:${join(folder, 'shop.db')}`,
    env: { RETENTION_DAYS: '0' },
  })
  try {
    await placeOrder(api, await api.key('orders:write', 'orders:read'))
    await api.orm.em.fork().nativeUpdate(Order, {}, { createdAt: new Date(0) })
    const wal = () => readFile(join(folder, 'shop.db-wal'), 'latin1')
    expect(await wal()).toContain('Ada')
    await keepHouse(api.orm, 1, pino({ level: 'silent' }))()
    expect((await wal()) + (await readFile(join(folder, 'shop.db'), 'latin1'))).not.toContain('Ada')
  } finally {
    await api.close()
    await rm(folder, { recursive: true })
  }
})

test('with them goes what an order was placed by: a key that may have been made of the number, and a hash of it', async () => {
  const api = await startApi()
  try {
    const key = await api.key('orders:write')
    const { data } = await api.ask(
      `mutation { placeOrder(idempotencyKey: "5551234567/1", input: { drinks: [{ flavor: "taro" }], phone: "5551234567" }) { __typename } }`,
      {},
      key,
    )
    expect(data).toEqual({ placeOrder: { __typename: 'PlacedOrder' } })
    const traces = async () => {
      const { idempotencyKey, inputHash } = await api.orm.em
        .fork()
        .findOneOrFail(Order, { source: OrderSource.API })
      return { idempotencyKey, inputHash }
    }
    expect(await traces()).toEqual({ idempotencyKey: '5551234567/1', inputHash: expect.any(String) })
    // A row that somebody holds is passed over until the next time: the sender of its text does for a moment.
    const erased = async () => {
      await eraseBefore(api.orm.em.fork(), new Date(Date.now() + 60_000))
      return traces()
    }
    await expect.poll(erased).toEqual({ idempotencyKey: null, inputHash: null })
  } finally {
    await api.close()
  }
})

test('what is said and done on a call after it was erased is erased the next time', async () => {
  const api = await startApi()
  const key = await api.key('calls:write')
  const call = await phoneCall(api, key, { from: '+15557654321' })
  const erase = () => eraseBefore(api.orm.em.fork(), new Date(Date.now() + 60_000))
  expect(await erase()).toMatchObject({ calls: 1 })
  expect(await erase()).toMatchObject({ calls: 0 })
  const said = '{ speaker: CALLER, text: "it is 555-123-4567" }'
  for (const afterwards of [
    () =>
      api.ask(`mutation { recordWords(input: { call: "${call.id}", from: 0, said: [${said}] }) }`, {}, key),
    () => call.run('savePhoneNumber', { phone: '555-123-4567' }),
    () => call.run('removeFromCart', { index: 7 }),
  ]) {
    await afterwards()
    expect(await erase()).toMatchObject({ calls: 1 })
  }
  const em = api.orm.em.fork()
  const left = [await em.execute('select * from call'), await em.execute('select * from function_call')]
  expect(JSON.stringify(left)).not.toMatch(/555-?123-?4567|"index"/)
  await api.close()
})

test('who has read them is forgotten after its time, and not before', async () => {
  const api = await startApi()
  const key = await api.key('orders:read', 'orders:pii')
  await api.ask('{ orders(first: 1, filter: { phoneEndsWith: "4567" }) { nodes { id } } }', {}, key)
  const em = api.orm.em.fork()
  expect(await forgetReads(em, new Date(Date.now() - 60_000))).toBe(0)
  expect(await forgetReads(em, new Date(Date.now() + 60_000))).toBe(1)
  await api.close()
})

test('how long is a setting, and a wrong one is named', () => {
  const env = (days?: string) => readApiEnv({ STAFF_PIN: '1234', RETENTION_DAYS: days }).RETENTION_DAYS
  expect([env(), env('0'), env('7')]).toEqual([90, 0, 7])
  expect(() => env('a week')).toThrow('RETENTION_DAYS')
})
