import { createClient } from 'graphql-ws'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { startApi, type TestApi } from '../support/api.ts'
import { Inbox } from '../support/inbox.ts'
import { phoneCall } from '../support/phone-call.ts'

let api: TestApi
let voice: string
beforeEach(async () => {
  api = await startApi({ server: { liveCallsHeartbeat: 1_000 } })
  voice = await api.key('calls:write')
})
afterEach(() => api.close())

interface Picture {
  at: string
  calls: {
    id: string
    callerEnding: string | null
    cart: { flavor: string }[]
    pendingItem: { flavor: string } | null
    lastWords: { speaker: string; text: string | null }[]
    order: { number: string } | null
  }[]
}

const document = `subscription { live: liveCalls {
  at calls { id callerEnding cart { flavor } pendingItem { flavor } lastWords(last: 1) { speaker text } order { number } }
} }`

function watch(key: string): {
  next: (matches: (picture: Picture) => boolean) => Promise<Picture>
  stop: () => void
  ended: Promise<unknown>
} {
  const client = createClient({
    url: `${api.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${key}` },
    retryAttempts: 0,
  })
  const inbox = new Inbox<Picture>()
  const ended = (async () => {
    try {
      for await (const { data, errors } of client.iterate<{ live: Picture }>({ query: document })) {
        if (errors) return errors
        inbox.push(data!.live)
      }
      return undefined
    } catch (error) {
      return error
    }
  })()
  return { next: matches => inbox.next(matches), stop: () => void client.dispose(), ended }
}

const speak = (call: string, from: number, text: string) =>
  api.ask(
    `mutation ($call: ID!, $from: Int!, $text: String!) {
      recordWords(input: { call: $call, from: $from, said: [{ speaker: CALLER, text: $text }] })
    }`,
    { call, from, text },
    voice,
  )

test('who is on the line, what they have chosen and said last, as it happens', async () => {
  const { next, stop } = watch(await api.key('calls:read', 'orders:read', 'orders:pii'))
  expect((await next(() => true)).calls).toEqual([])
  const call = await phoneCall(api, voice, { from: '+15557654321' })
  const on = (matches: (call: Picture['calls'][number]) => boolean) =>
    next(({ calls }) => calls.some(each => each.id === call.id && matches(each)))
  expect((await on(() => true)).calls).toMatchObject([{ callerEnding: '4321', cart: [], lastWords: [] }])
  await call.run('addToCart', { drink: { flavor: 'taro' } })
  await on(({ pendingItem }) => pendingItem?.flavor === 'taro milk tea')
  await call.run('confirmPendingToCart')
  await on(({ cart, pendingItem }) => cart.length === 1 && pendingItem === null)
  await speak(call.id, 0, 'That is all')
  await on(({ lastWords }) => lastWords[0]?.text === 'That is all')
  const { orderNumber } = await call.run('checkoutOrder', { phone: '555-123-4567' })
  await on(({ order }) => order?.number === orderNumber)
  await api.ask(
    'mutation ($input: EndCallInput!) { endCall(input: $input) { id } }',
    { input: { call: call.id, reason: 'GOODBYE' } },
    voice,
  )
  await next(({ calls }) => calls.length === 0)
  stop()
})

test('a stream on which nothing happens says that it lives', async () => {
  const { next, stop } = watch(await api.key('calls:read'))
  const first = await next(() => true)
  const second = await next(({ at }) => at > first.at)
  expect(second.calls).toEqual([])
  stop()
})

test('what another process writes is seen as well', async () => {
  const { next, stop } = watch(await api.key('calls:read', 'orders:pii'))
  await next(() => true)
  const call = await phoneCall(api, voice)
  await next(({ calls }) => calls.length === 1)
  // No wake-up comes of this one.
  await api.orm.em.fork().execute('update call set "from" = ? where id = ?', ['+15550009999', call.id])
  await next(({ calls }) => calls[0]?.callerEnding === '9999')
  stop()
})

test('numbers and words are only for those who may read them, and calls only for those who may see calls', async () => {
  const call = await phoneCall(api, voice, { from: '+15557654321' })
  await speak(call.id, 0, 'My number is 555 765 4321')
  const { next, stop } = watch(await api.key('calls:read'))
  const { calls } = await next(() => true)
  expect(calls).toMatchObject([{ callerEnding: null, lastWords: [{ speaker: 'CALLER', text: null }] }])
  stop()
  expect(await watch(await api.key('orders:read')).ended).toMatchObject([
    { extensions: { code: 'FORBIDDEN' } },
  ])
})

test('calls of a time can be asked for', async () => {
  await phoneCall(api, voice)
  const between = async (filter: object) => {
    const { data } = await api.ask<{ calls: { nodes: unknown[] } }>(
      'query ($filter: CallFilter) { calls(first: 10, filter: $filter) { nodes { id } } }',
      { filter },
      await api.key('calls:read'),
    )
    return data.calls.nodes.length
  }
  const now = new Date().toISOString()
  expect(await between({ startedBefore: now })).toBe(1)
  expect(await between({ startedAfter: now })).toBe(0)
  expect(await between({ startedAfter: '2026-01-01T00:00:00Z', startedBefore: now })).toBe(1)
})
