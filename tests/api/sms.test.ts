import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { newId as newRowId } from '../../api/ids.ts'
import { Sms, SmsKind, SmsStatus } from '../../api/sms/sms.entity.ts'
import { TwilioMessages } from '../../api/sms/twilio-messages.ts'
import { type ApiOptions, startApi, type TestApi } from '../support/api.ts'
import { move, placeOrder } from '../support/orders.ts'
import { phoneCall } from '../support/phone-call.ts'
import { type SmsProvider, startSmsProvider } from '../support/sms-provider.ts'

let api: TestApi
let provider: SmsProvider
let key: string
const publicUrl = 'https://boba.example.com'

beforeEach(async () => {
  provider = await startSmsProvider()
})
afterEach(async () => {
  await api.close()
  await provider.close()
})

/** An api that texts through the stand-in, in a hurry. */
async function start(options: ApiOptions = {}, timeout = 5_000): Promise<void> {
  const { TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_FROM_NUMBER, TWILIO_API_BASE } = provider.env
  api = await startApi({
    env: { ...provider.env, PUBLIC_URL: publicUrl },
    twilio: new TwilioMessages({
      accountSid: TWILIO_ACCOUNT_SID!,
      authToken: TWILIO_AUTH_TOKEN!,
      from: TWILIO_FROM_NUMBER!,
      apiBase: TWILIO_API_BASE!,
      statusCallback: `${publicUrl}/sms/status`,
      timeout,
    }),
    ...options,
    sms: { poll: 50, backOff: 10, ...options.sms },
  })
  key = await api.key('orders:read', 'orders:write', 'orders:pii')
}

interface Text {
  id: string
  kind: string
  status: string
  statusText: string
  errorCode: number | null
  body: string
}

async function textsOf(id: string): Promise<Text[]> {
  const { data } = await api.ask<{ order: { texts: Text[] } }>(
    'query ($id: ID!) { order(id: $id) { texts { id kind status statusText errorCode body } } }',
    { id },
    key,
  )
  return data.order.texts
}

/** Waits until staff would see the order's first text like this. */
const expectText = (id: string, text: object) =>
  expect.poll(async () => (await textsOf(id))[0], { timeout: 20_000 }).toMatchObject(text)

/** Waits until the sender has nothing left to do. */
const expectQuiet = (id: string, count: number) =>
  expect
    .poll(
      async () =>
        (await textsOf(id)).filter(({ status }) => !['QUEUED', 'SENDING', 'UNKNOWN'].includes(status)),
      {
        timeout: 20_000,
      },
    )
    .toHaveLength(count)

test('a phoned order is texted twice: when it is received and when it is ready, once each', async () => {
  await start()
  const call = await phoneCall(api, await api.key('calls:write'))
  await call.run('addToCart', { drink: { flavor: 'taro' } })
  const { orderNumber } = await call.run('checkoutOrder', { phone: '555-123-4567' })
  expect(await provider.next()).toMatchObject({
    to: '+15551234567',
    from: '+15550100000',
    body: `Thanks for your order! Your order number is ${orderNumber}. We'll text you when it's ready for pickup.`,
  })
  const { data } = await api.ask<{ order: { id: string } }>(
    `{ order(number: "${orderNumber}") { id } }`,
    {},
    key,
  )
  const { id } = data.order
  await move(api, key, 'markOrderReady', id)
  expect((await provider.next()).body).toBe(`Your boba order #${orderNumber} is now ready for pickup! 🧋`)

  await move(api, key, 'recallOrder', id)
  await move(api, key, 'markOrderReady', id)
  await move(api, key, 'completeOrder', id)
  await expectQuiet(id, 2)
  expect(await textsOf(id)).toMatchObject([
    { kind: 'ORDER_RECEIVED', status: 'SENT', statusText: 'sent' },
    { kind: 'ORDER_READY', status: 'SENT' },
  ])
  expect(provider.messages).toHaveLength(2)
})

test('without an account texts are stored as not sent', async () => {
  api = await startApi()
  key = await api.key('orders:read', 'orders:write')
  const { id, number } = await placeOrder(api, key)
  await move(api, key, 'markOrderReady', id)
  await expectQuiet(id, 2)
  expect(await textsOf(id)).toMatchObject([
    {
      status: 'NOT_SENT',
      statusText: 'not sent (practice)',
      body: expect.stringContaining(`number is ${number}.`),
    },
    {
      status: 'NOT_SENT',
      statusText: 'not sent (practice)',
      body: expect.stringContaining(`#${number} is now`),
    },
  ])
  expect(provider.attempts.send).toBe(0)
})

describe('what Twilio refuses', () => {
  test('for good is stored with the reason in words, and not tried again', async () => {
    await start()
    provider.behave({ status: 400, code: 21610 })
    const { id } = await placeOrder(api, key)
    await expectText(id, {
      status: 'FAILED',
      errorCode: 21610,
      statusText: 'could not be sent: the guest has replied STOP and gets no texts',
    })
    await move(api, key, 'markOrderReady', id)
    await provider.next()
    expect(provider.attempts.send).toBe(2)
  })

  test('because the account is wrong says so', async () => {
    await start({
      twilio: new TwilioMessages({
        accountSid: provider.env.TWILIO_ACCOUNT_SID!,
        authToken: 'wrong',
        from: '+15550100000',
        apiBase: provider.url,
      }),
    })
    const { id } = await placeOrder(api, key)
    await expectText(id, {
      status: 'FAILED',
      errorCode: 20003,
      statusText: "could not be sent: Twilio does not accept the shop's account: check its credentials",
    })
  })

  test('for now is tried again until it is taken', async () => {
    await start()
    provider.behave({ status: 429, code: 20429 }, { status: 429, code: 20429 })
    const { id } = await placeOrder(api, key)
    await expectText(id, { status: 'SENT', errorCode: null })
    expect(provider.attempts.send).toBe(3)
    expect(provider.messages).toHaveLength(1)
  })
})

describe('when nobody knows whether a text went out, it is looked up first', () => {
  test('it had: nothing is sent again', async () => {
    await start()
    provider.behave('take and drop')
    const { id } = await placeOrder(api, key)
    await expectText(id, { status: 'SENT' })
    expect(provider.attempts).toEqual({ send: 1, list: 1 })
    expect(provider.messages).toHaveLength(1)
  })

  test('it had not: it is sent then', async () => {
    await start()
    provider.behave({ status: 503, code: null })
    const { id } = await placeOrder(api, key)
    await expectText(id, { status: 'SENT' })
    expect(provider.attempts).toEqual({ send: 2, list: 1 })
    expect(provider.messages).toHaveLength(1)
  })

  test('because Twilio hangs', async () => {
    await start({}, 300)
    provider.behave('hang')
    const { id } = await placeOrder(api, key)
    await expectText(id, { status: 'SENT' })
    expect(provider.messages).toHaveLength(1)
  })

  test('because a process died in the middle', async () => {
    await start({ sms: { abandoned: 30_000 } })
    const { id } = await placeOrder(api, key)
    const { body } = await provider.next()
    await expectText(id, { status: 'SENT' })
    const em = api.orm.em.fork()
    await em.nativeUpdate(
      Sms,
      { order: id },
      { status: SmsStatus.SENDING, messageSid: null, updatedAt: new Date(Date.now() - 31_000) },
    )
    await expectText(id, { status: 'SENT', body })
    expect(provider.messages).toHaveLength(1)
  })
})

test('a text that is not due is not sent, one that is due is, also after a restart', async () => {
  await start()
  const { id } = await placeOrder(api, key)
  await provider.next()
  await expectText(id, { status: 'SENT' })
  const em = api.orm.em.fork()
  const text = (kind: SmsKind, dueAt: Date) =>
    em.insert(Sms, {
      id: newRowId('sms'),
      order: id,
      kind,
      to: '+15551234567',
      body: 'hello',
      status: SmsStatus.QUEUED,
      attempts: 0,
      dueAt,
      createdAt: new Date(),
      updatedAt: new Date(),
    })
  await em.nativeDelete(Sms, { order: id })
  await text(SmsKind.ORDER_READY, new Date(Date.now() + 3_600_000))
  await text(SmsKind.ORDER_RECEIVED, new Date())
  expect(await provider.next()).toMatchObject({ body: 'hello' })
  await expectQuiet(id, 1)
})

test('two texts about an order that are due at once go out one after the other, the thanks first', async () => {
  const seen: string[] = []
  let hang = false
  await provider.close()
  provider = await startSmsProvider({
    treat: (_to, body) => {
      seen.push(body.split(' ')[0]!)
      const behaviour = hang ? 'hang' : 'take'
      hang = false
      return behaviour
    },
    givenUp: () => seen.push('given up'),
  })
  await start({}, 300)
  const { id } = await placeOrder(api, key)
  await move(api, key, 'markOrderReady', id)
  await expect.poll(async () => (await textsOf(id)).map(({ status }) => status)).toEqual(['SENT', 'SENT'])
  seen.length = 0
  hang = true
  await api.orm.em
    .fork()
    .nativeUpdate(Sms, { order: id }, { status: SmsStatus.QUEUED, dueAt: new Date(), messageSid: null })
  await expect.poll(() => seen.length).toBeGreaterThan(2)
  expect(seen.slice(0, 2), 'nothing before Twilio was given up').toEqual(['Thanks', 'given up'])
})

describe('what Twilio reports', () => {
  const report = async (
    fields: Record<string, string>,
    url: string,
    token = provider.env.TWILIO_AUTH_TOKEN!,
  ) =>
    fetch(url.replace(publicUrl, api.url), {
      method: 'POST',
      headers: {
        'Content-Type': 'application/x-www-form-urlencoded',
        'X-Twilio-Signature': getExpectedTwilioSignature(token, url, fields),
      },
      body: new URLSearchParams(fields),
    })

  async function sent(): Promise<{ id: string; sid: string; url: string }> {
    await start()
    const { id } = await placeOrder(api, key)
    const { sid, statusCallback } = await provider.next()
    await expectText(id, { status: 'SENT' })
    return { id, sid, url: statusCallback! }
  }

  test('moves a text forward and never back', async () => {
    const { id, sid, url } = await sent()
    expect(url).toMatch(/^https:\/\/boba\.example\.com\/sms\/status\?sms=sms_\w+$/)
    for (const status of ['queued', 'delivered', 'sent', 'delivered', 'undelivered']) {
      expect((await report({ MessageSid: sid, MessageStatus: status }, url)).status).toBe(204)
    }
    expect(await textsOf(id)).toMatchObject([
      { status: 'DELIVERED', statusText: 'delivered', errorCode: null },
    ])
  })

  test('may be that it did not arrive', async () => {
    const { id, sid, url } = await sent()
    await report({ MessageSid: sid, MessageStatus: 'undelivered', ErrorCode: '30003' }, url)
    expect(await textsOf(id)).toMatchObject([
      {
        status: 'UNDELIVERED',
        errorCode: 30003,
        statusText: 'not delivered: the phone is off or out of reach',
      },
    ])
  })

  test('may come before Twilio has answered', async () => {
    const { id, sid, url } = await sent()
    await api.orm.em.fork().nativeUpdate(Sms, { order: id }, { status: SmsStatus.SENDING, messageSid: null })
    await report({ MessageSid: sid, MessageStatus: 'delivered' }, url)
    expect(await textsOf(id)).toMatchObject([{ status: 'DELIVERED' }])
  })

  test('stands also when it comes at the very moment of the answer', async () => {
    await provider.close()
    const reports: Promise<Response>[] = []
    provider = await startSmsProvider({
      taken: ({ sid, statusCallback }) =>
        reports.push(report({ MessageSid: sid, MessageStatus: 'delivered' }, statusCallback!)),
    })
    await start()
    const orders = await Promise.all(Array.from({ length: 20 }, () => placeOrder(api, key)))
    await Promise.all(orders.map(({ id }) => expectText(id, { status: 'DELIVERED' })))
    await Promise.all(reports)
    await Promise.all(orders.map(({ id }) => move(api, key, 'markOrderReady', id)))
    await Promise.all(orders.map(({ id }) => expectQuiet(id, 2)))
    await Promise.all(reports)
    for (const { id } of orders) {
      expect((await textsOf(id)).map(({ status }) => status)).toEqual(['DELIVERED', 'DELIVERED'])
    }
  })

  test('counts only when Twilio signed it', async () => {
    const { id, sid, url } = await sent()
    const fields = { MessageSid: sid, MessageStatus: 'delivered' }
    expect((await report(fields, url, 'another token')).status).toBe(403)
    expect((await report(fields, `${publicUrl}/sms/status?sms=other`)).status).toBe(204)
    const unsigned = await fetch(`${api.url}/sms/status`, {
      method: 'POST',
      body: new URLSearchParams(fields),
    })
    expect(unsigned.status).toBe(403)
    expect((await fetch(`${api.url}/sms/status`)).status).toBe(405)
    expect(await textsOf(id)).toMatchObject([{ status: 'SENT' }])
  })

  test('tells those who listen that the order changed', async () => {
    const { id, sid, url } = await sent()
    const { data } = await api.ask<{ orders: { eventCursor: string } }>(
      '{ orders(first: 1) { eventCursor } }',
      {},
      key,
    )
    await report({ MessageSid: sid, MessageStatus: 'delivered' }, url)
    const { data: later } = await api.ask<{ orders: { eventCursor: string } }>(
      '{ orders(first: 1) { eventCursor } }',
      {},
      key,
    )
    expect(Number(later.orders.eventCursor)).toBe(Number(data.orders.eventCursor) + 1)
    expect(await textsOf(id)).toMatchObject([{ status: 'DELIVERED' }])
  })
})
