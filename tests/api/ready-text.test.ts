import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Sms, SmsKind, SmsStatus } from '../../api/sms/sms.entity.ts'
import { startApi, type TestApi } from '../support/api.ts'
import { move, placeOrder } from '../support/orders.ts'
import { type SmsProvider, startSmsProvider } from '../support/sms-provider.ts'

let api: TestApi
let provider: SmsProvider
let staff: string
beforeEach(async () => {
  provider = await startSmsProvider()
})
afterEach(async () => {
  vi.useRealTimers()
  await api.close()
  await provider.close()
})

async function start(hold: string, { practice = false, backOff = 50 } = {}): Promise<void> {
  api = await startApi({
    env: { ...(!practice && provider.env), READY_HOLD_SECONDS: hold },
    sms: { poll: 50, backOff },
  })
  staff = await api.signIn()
}

interface Text {
  id: string
  kind: string
  status: string
  dueAt: string
}

async function orderOf(id: string) {
  const { data } = await api.ask<{
    order: { status: string; readyAt: string; holdUntil: string | null; texts: Text[] }
  }>(
    'query ($id: ID!) { order(id: $id) { status readyAt holdUntil texts { id kind status dueAt } } }',
    { id },
    staff,
  )
  return data.order
}

/** "ORDER_READY QUEUED" and so on, oldest first. */
const texts = async (id: string) => (await orderOf(id)).texts.map(({ kind, status }) => `${kind} ${status}`)
const expectTexts = (id: string, ...expected: string[]) =>
  expect.poll(() => texts(id), { timeout: 20_000 }).toEqual(expected)

/** What guests were texted, by the first words of each. */
const sent = () => provider.messages.map(({ body }) => body.split(' ')[0])

const recall = async (id: string, tellGuest: boolean) => {
  const { data } = await api.ask<{ moved: { status?: string; code?: string } }>(
    `mutation ($id: ID!, $tellGuest: Boolean!) {
      moved: recallOrder(id: $id, tellGuest: $tellGuest) { ... on Order { status } ... on OrderMoveRefused { code } }
    }`,
    { id, tellGuest },
    staff,
  )
  return data.moved
}

const resend = async (text: string) => {
  const { data } = await api.ask<{ result: { number?: string; code?: string; message?: string } }>(
    `mutation ($text: ID!) {
      result: resendText(input: { text: $text }) {
        ... on Order { number }
        ... on OrderMoveRefused { code message path }
      }
    }`,
    { text },
    staff,
  )
  return data.result
}

/** The hold is over now. */
const passHold = (id: string) =>
  api.orm.em.fork().nativeUpdate(Sms, { order: id, status: SmsStatus.QUEUED }, { dueAt: new Date() })

test('Done that is taken back in the hold texts nobody; the next Done does, once', async () => {
  await start('60')
  const { id } = await placeOrder(api, staff)
  await expectTexts(id, 'ORDER_RECEIVED SENT')
  for (const _ of [1, 2]) {
    await move(api, staff, 'markOrderReady', id)
    const { readyAt, holdUntil } = await orderOf(id)
    expect(Date.parse(holdUntil!) - Date.parse(readyAt)).toBe(60_000)
    await expect.poll(async () => (await texts(id)).at(-1)).toBe('ORDER_READY QUEUED')
    expect(await recall(id, true), 'there is nothing to correct').toEqual({ status: 'PREPARING' })
    expect(await orderOf(id)).toMatchObject({ holdUntil: null })
  }
  await move(api, staff, 'markOrderReady', id)
  await expectTexts(
    id,
    'ORDER_RECEIVED SENT',
    'ORDER_READY WITHDRAWN',
    'ORDER_READY WITHDRAWN',
    'ORDER_READY QUEUED',
  )
  expect(sent()).toEqual(['Thanks'])
  await passHold(id)
  await expect.poll(sent).toEqual(['Thanks', 'Your'])
  await move(api, staff, 'completeOrder', id)
  expect(await orderOf(id), 'nothing is held of what was picked up').toMatchObject({ holdUntil: null })
})

test('Done and undo before anybody has read the log text nobody either', async () => {
  await start('60')
  const { id } = await placeOrder(api, staff)
  await Promise.all([move(api, staff, 'markOrderReady', id), move(api, staff, 'recallOrder', id)])
  if ((await orderOf(id)).status === 'READY') await move(api, staff, 'recallOrder', id)
  await expect.poll(() => texts(id)).not.toContain('ORDER_READY QUEUED')
  await passHold(id)
  const { id: other } = await placeOrder(api, staff)
  await expectTexts(other, 'ORDER_RECEIVED SENT')
  expect(sent()).toEqual(['Thanks', 'Thanks'])
})

test('an order that is cancelled in the hold is not called ready', async () => {
  await start('60')
  const { id } = await placeOrder(api, staff)
  await move(api, staff, 'markOrderReady', id)
  await expect.poll(() => texts(id)).toContain('ORDER_READY QUEUED')
  await move(api, staff, 'cancelOrder', id)
  await expectTexts(id, 'ORDER_RECEIVED SENT', 'ORDER_READY WITHDRAWN')
})

test('a text that waits for another try is not sent any more when the order was recalled meanwhile', async () => {
  await start('0', { backOff: 300_000 })
  const { id } = await placeOrder(api, staff)
  await expectTexts(id, 'ORDER_RECEIVED SENT')
  provider.behave({ status: 429, code: 20429 })
  await move(api, staff, 'markOrderReady', id)
  await expect.poll(() => provider.attempts.send).toBe(2)
  await expectTexts(id, 'ORDER_RECEIVED SENT', 'ORDER_READY QUEUED')
  // As if it had been just on its way back to the queue while the order was recalled.
  const em = api.orm.em.fork()
  await em.nativeUpdate(Sms, { order: id, kind: SmsKind.ORDER_READY }, { status: SmsStatus.SENT })
  await recall(id, false)
  await em.nativeUpdate(
    Sms,
    { order: id, kind: SmsKind.ORDER_READY },
    { status: SmsStatus.QUEUED, dueAt: new Date() },
  )
  await expectTexts(id, 'ORDER_RECEIVED SENT', 'ORDER_READY WITHDRAWN')
  expect(provider.attempts.send).toBe(2)
})

test('recall after the text has gone out corrects it when asked to, and the order is called ready again', async () => {
  await start('0')
  const { id } = await placeOrder(api, staff)
  await move(api, staff, 'markOrderReady', id)
  await expectTexts(id, 'ORDER_RECEIVED SENT', 'ORDER_READY SENT')
  await recall(id, false)
  await move(api, staff, 'markOrderReady', id)
  await recall(id, true)
  await expectTexts(id, 'ORDER_RECEIVED SENT', 'ORDER_READY SENT', 'ORDER_RECALLED SENT')
  await move(api, staff, 'markOrderReady', id)
  await expect.poll(sent).toEqual(['Thanks', 'Your', 'Sorry,', 'Your'])
  await recall(id, true)
  await expect.poll(sent).toEqual(['Thanks', 'Your', 'Sorry,', 'Your', 'Sorry,'])
  expect(provider.messages[2]!.body).toMatch(/^Sorry, your boba order #\d{4} needs a little longer\./)
})

test('a text is sent again on request, but not while one is on its way', async () => {
  await start('0', { backOff: 60_000 })
  const { id } = await placeOrder(api, staff)
  await expectTexts(id, 'ORDER_RECEIVED SENT')
  const [text] = (await orderOf(id)).texts
  provider.behave({ status: 429, code: 20429 })
  expect(await resend(text!.id)).toHaveProperty('number')
  expect(await resend(text!.id)).toMatchObject({
    code: 'TEXT_ON_ITS_WAY',
    message: expect.stringContaining('still on its way'),
  })
  expect(await resend('sms_none')).toMatchObject({ code: 'ORDER_NOT_FOUND', path: ['input', 'text'] })
})

test('a text sent again whose answer was lost is not taken for the first one', async () => {
  await start('0')
  const { id } = await placeOrder(api, staff)
  await expectTexts(id, 'ORDER_RECEIVED SENT')
  const [text] = (await orderOf(id)).texts
  provider.behave('drop')
  await resend(text!.id)
  await expectTexts(id, 'ORDER_RECEIVED SENT', 'ORDER_RECEIVED SENT')
  expect(sent(), 'it was looked up, not found, and sent').toEqual(['Thanks', 'Thanks'])
})

test('in practice a held text is held as well, then told as not sent', async () => {
  await start('60', { practice: true })
  const { id } = await placeOrder(api, staff)
  await move(api, staff, 'markOrderReady', id)
  await expectTexts(id, 'ORDER_RECEIVED NOT_SENT', 'ORDER_READY QUEUED')
  await passHold(id)
  await expectTexts(id, 'ORDER_RECEIVED NOT_SENT', 'ORDER_READY NOT_SENT')
  await recall(id, true)
  await expectTexts(id, 'ORDER_RECEIVED NOT_SENT', 'ORDER_READY NOT_SENT', 'ORDER_RECALLED NOT_SENT')
})
