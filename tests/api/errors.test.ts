import { glob, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { once } from 'node:events'
import { GraphQLObjectType, isEnumType, isUnionType, getNamedType } from 'graphql'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { voiceKeyId } from '../../api/auth/keys.ts'
import { EventType } from '../../api/events/event.entity.ts'
import { Order, OrderSource } from '../../api/orders/order.entity.ts'
import { OrderStatus } from '../../api/orders/order-status.ts'
import { createSchema } from '../../api/schema.ts'
import { shopOf } from '../../api/shops/shop-of.ts'
import { startPracticeAgent } from '../../voice/practice/agent.ts'
import { type ApiOptions, startApi, type TestApi } from '../support/api.ts'
import { openStream } from '../support/event-stream.ts'
import { freePort } from '../support/free-port.ts'
import { move, placeOrder } from '../support/orders.ts'
import { newId, phoneCall, type PhoneCall, type Reply } from '../support/phone-call.ts'
import { settled } from '../support/recipes.ts'
import { bySocket } from '../support/roads.ts'
import { startSmsProvider } from '../support/sms-provider.ts'
import { startVoice } from '../support/voice.ts'
import { startReceiver } from '../support/webhook-receiver.ts'
import { registerWebhook, webhookState } from '../support/webhooks.ts'

/**
 * docs/errors.md as it stands. `UPDATE_DOCS=1 npm exec -- vitest run --project sqlite tests/api/errors.test.ts` writes the
 * examples into it that are printed now.
 */
const file = 'docs/errors.md'
let page = await readFile(file, 'utf8')

let api: TestApi
let key: string
beforeAll(async () => {
  api = await startApi({ webhooks: { allowPrivate: true }, env: { VOICE_API_KEY: `boba_${'v'.repeat(20)}` } })
  key = await api.key('menu:write', 'orders:read', 'orders:write', 'webhooks:write', 'keys:write')
})
afterAll(async () => {
  await api.close()
  if (process.env.UPDATE_DOCS) await writeFile(file, page)
})

async function another(options: ApiOptions): Promise<TestApi> {
  const opened = await startApi(options)
  onTestFinished(() => opened.close())
  return opened
}

interface Failed {
  message: string
  extensions: { code: string }
  /** Of HTTP. */
  status?: number
}

async function errorOf(query: string, as?: string, at = api): Promise<Failed | undefined> {
  const { errors, status } = await at.ask(query, {}, as)
  return errors && { ...errors[0]!, status }
}

const many = (count: number, field: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => field(i)).join(' ')
const nested = (levels: number): string => (levels === 0 ? 'id' : `requires { ${nested(levels - 1)} }`)

/** Requests that are refused by each of the codes. */
const provoked: Record<string, () => Promise<Failed | undefined>> = {
  BAD_REQUEST: async () => {
    const headers = { 'Content-Type': 'text/plain' }
    const response = await fetch(`${api.url}/graphql`, { method: 'POST', headers, body: '{ board { at } }' })
    return ((await response.json()) as { errors: Failed[] }).errors[0]
  },
  BAD_USER_INPUT: () => errorOf('{ orders(first: 0) { nodes { id } } }', key),
  FORBIDDEN: async () => errorOf('{ orders(first: 1) { nodes { id } } }', await api.key('menu:read')),
  GRAPHQL_PARSE_FAILED: () => errorOf('{ board {{ }'),
  GRAPHQL_VALIDATION_FAILED: () => errorOf('{ board { orders { phone } } }'),
  INTERNAL_SERVER_ERROR: async () => {
    const broken = await another({})
    const as = await broken.key('orders:read')
    await broken.orm.em.fork().execute('alter table orders rename to lost')
    return errorOf('{ orders(first: 1) { nodes { id } } }', as, broken)
  },
  INTROSPECTION_DISABLED: async () =>
    errorOf(
      '{ __schema { queryType { name } } }',
      undefined,
      await another({ server: { introspection: false } }),
    ),
  NOT_FOUND: () => errorOf('{ menu(shop: "shop_none") { maxDrinks } }'),
  OPERATION_RESOLUTION_FAILURE: () => errorOf('query A { board { at } } query B { board { at } }'),
  PERSISTED_QUERY_NOT_SUPPORTED: async () => {
    const sha256Hash = '0'.repeat(64)
    const response = await fetch(`${api.url}/graphql`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ extensions: { persistedQuery: { version: 1, sha256Hash } } }),
    })
    return ((await response.json()) as { errors: Failed[] }).errors[0]
  },
  RATE_LIMITED: async () => {
    const small = await another({ env: { RATE_LIMIT_FACTOR: '0.01' } })
    const priced = (levels: number): string =>
      `price { amount } ${levels > 0 ? `requires { ${priced(levels - 1)} }` : ''}`
    const dear = `{ menu { ${many(14, i => `a${i}: items { ${priced(6)} }`)} } }`
    for (;;) {
      const error = await errorOf(dear, undefined, small)
      if (error) return error
    }
  },
  SUBSCRIPTION_LAGGED: async () => {
    const short = await another({ log: { buffer: 1 } })
    const search = `?query=${encodeURIComponent('subscription { boardEvents { type } }')}`
    const stream = await openStream(short, { search, headers: { Accept: 'text/event-stream' } })
    onTestFinished(stream.stop)
    await stream.next()
    const { id } = await shopOf(short.orm.em.fork())
    // More at once than it may fall behind.
    await short.log.change(short.orm.em.fork(), async tx => {
      for (let i = 0; i < 3; i += 1) await tx.append(id, { type: EventType.MENU_CHANGED })
    })
    return (JSON.parse((await stream.next()).data!) as { errors: Failed[] }).errors[0]
  },
  TIMED_OUT: async () => {
    const slow = await another({ server: { time: 50 } })
    let error: Failed | undefined
    // The one connection of an SQLite in memory is taken meanwhile.
    await slow.orm.em.fork().transactional(async tx => {
      await tx.execute('select 1')
      error = await errorOf('{ board { at } }', undefined, slow)
    })
    return error
  },
  TOO_COSTLY: () =>
    errorOf(`{ ${many(5, i => `a${i}: orders(first: 100) { nodes { items { price { amount } } } }`)} }`, key),
  TOO_DEEP: () => errorOf(`{ menu { items { ${nested(8)} } } }`),
  TOO_MANY_ALIASES: () => errorOf(`{ board { orders { ${many(16, i => `a${i}: number`)} } } }`),
  TOO_MANY_FIELDS: () => errorOf(`{ ${many(11, i => `a${i}: board { at }`)} }`),
  TOO_MANY_OPERATIONS: async () => {
    const socket = await openSocket()
    const { promise, resolve } = Promise.withResolvers<Failed | undefined>()
    const payload = { query: 'subscription { boardEvents { type } }' }
    socket.on('message', data => {
      const told = JSON.parse(String(data)) as { type: string; payload: Failed[] }
      if (told.type === 'error') resolve(told.payload[0])
      if (told.type !== 'connection_ack') return
      for (let id = 1; id <= 21; id += 1) {
        socket.send(JSON.stringify({ id: String(id), type: 'subscribe', payload }))
      }
    })
    socket.send('{"type":"connection_init"}')
    return promise
  },
  UNAUTHENTICATED: () => errorOf('{ orders(first: 1) { nodes { id } } }'),
  UNAVAILABLE: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'boba-errors-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const locked = await another({ database: `sqlite:${join(folder, 'shop.db')}` })
    const as = await locked.key('menu:write')
    const other = new Database(join(folder, 'shop.db'))
    other.exec('begin immediate')
    onTestFinished(() => void other.close())
    return errorOf('mutation { pauseOrdering(paused: true) { id } }', as, locked)
  },
}

async function openSocket(): Promise<WebSocket> {
  const socket = new WebSocket(`${api.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
  onTestFinished(() => socket.terminate())
  await once(socket, 'open')
  return socket
}

test('one refused field at the root takes what may be read with it, as the page says', async () => {
  expect(page).toMatch(/^A field at the root [^]*? takes all of `data` with it when it is refused/m)
  const as = await api.key('menu:read')
  const { data, errors, status } = await api.ask(
    '{ menu { maxDrinks } orders(first: 1) { nodes { id } } }',
    {},
    as,
  )
  expect({ data, status, code: errors?.[0]?.extensions.code }).toEqual({
    data: null,
    status: 200,
    code: 'FORBIDDEN',
  })
})

test('mutations answer as the page says', () => {
  const kinds: Record<string, string[]> = { union: [], agent: [], plain: [] }
  for (const { name, type } of Object.values(createSchema().getMutationType()!.getFields())) {
    const answer = getNamedType(type)
    const agent = answer instanceof GraphQLObjectType && answer.getInterfaces()[0]?.name === 'AgentAnswer'
    kinds[isUnionType(answer) ? 'union' : agent ? 'agent' : 'plain']!.push(name)
  }
  const [, named = ''] = /with `ok`, `code` and `error` instead\.([^]*?) refuse nothing/.exec(page)!
  expect([...named.matchAll(/`(\w+)`/g)].map(([, name]) => name!).toSorted()).toEqual(kinds.plain!.toSorted())
  expect(kinds.union).toContain('placeOrder')
  expect(kinds.agent).toContain('addToCart')
})

const headingsOf = (text: string) => [...text.matchAll(/^### `(\w+)`$/gm)].map(([, code]) => code!)
const [, inErrors = ''] = page.split('## In `errors`')

describe('in errors', () => {
  test.each(headingsOf(inErrors.split('## HTTP status')[0]!))(
    '%s is printed as the page shows it',
    async code => {
      const example = new RegExp(`(### \`${code}\`\\n(?:(?!\\n### )[^])*?\`\`\`json\\n)([^]*?)\\n\`\`\``)
      const { status, ...error } = (await provoked[code]!())!
      if (process.env.UPDATE_DOCS) {
        page = page.replace(example, (_, before) => `${before}${JSON.stringify(error)}\n\`\`\``)
        return
      }
      const shown = JSON.parse(example.exec(page)![2]!) as unknown
      // What is left depends on the time that has passed.
      const left = /("(?:available|retryAfter)":|and |in )\d+(?=,| are left| seconds|\})/g
      const plain = (of: unknown) => settled(JSON.stringify(of)).replace(left, '$1some')
      expect(plain(error)).toBe(plain(shown))
      if (status) expect(example.exec(page)![1]).toMatch(new RegExp(`\\bStatus\\s[^.]*\\b${status}\\b`))
    },
  )
})

/** Rows of the tables, by code: what stands under "for example". */
const examples = new Map(
  [...page.matchAll(/^\| `(\w+)` *\| (.*?) *\| .* \|$/gm)].map(([, code, example]) => [code!, example!]),
)

interface Refused {
  code: string
  message: string
}

const order = (drinks: string, more = '', idempotency = 'key') =>
  `placeOrder(input: { drinks: [${drinks}], phone: "555-123-4567" ${more} }, idempotencyKey: "${idempotency}")`
const taro = '{ flavor: "taro" }'
const hook = (url: string, more = 'eventTypes: [ORDER_CREATED]') =>
  `registerWebhook(input: { url: "${url}", ${more} })`
const hookUrl = 'http://127.0.0.1:9/boba'

/** Mutations that are refused, one after the other. What stands before a colon is done first. */
const refusals: Record<string, string | (() => Promise<[query: string, at?: TestApi, as?: string]>)> = {
  ADD_ON_NEEDS_TOPPING: order('{ flavor: "taro", addOns: ["matcha stencil"] }'),
  BAD_IDEMPOTENCY_KEY: order(taro, '', ''),
  BAD_NAME: order(taro, 'name: "Ada\\nLovelace"'),
  BAD_PHONE: `placeOrder(input: { drinks: [${taro}], phone: "12" }, idempotencyKey: "key")`,
  FLAVOR_NEEDED: order('{ flavor: "" }'),
  IDEMPOTENCY_KEY_REUSED: async () => {
    await done(order(taro, '', 'used'))
    return [order('{ flavor: "black" }', '', 'used')]
  },
  NAMED_TWICE: order('{ flavor: "taro", toppings: ["boba", "tapioca"] }'),
  NAME_TOO_LONG: order(taro, `name: "${'x'.repeat(61)}"`),
  NO_DRINKS: order(''),
  NO_NUMBER_LEFT: async () => {
    const crowded = await another({})
    const em = crowded.orm.em.fork()
    const shop = (await shopOf(em)).id
    const now = new Date()
    const taken = Array.from({ length: 9_000 }, (_, i) => ({
      ...{
        id: newId('ord_'),
        shop,
        number: String(1_000 + i),
        status: OrderStatus.PREPARING,
        source: OrderSource.API,
      },
      ...{ currency: 'USD', totalMinor: 550, createdAt: now, updatedAt: now },
    }))
    for (let i = 0; i < taken.length; i += 500) await em.insertMany(Order, taken.slice(i, i + 500))
    return [order(taro), crowded]
  },
  ORDERING_PAUSED: async () => {
    const paused = await another({})
    await paused.ask('mutation { pauseOrdering(paused: true) { id } }', {}, await paused.key('menu:write'))
    return [order(taro), paused]
  },
  SHOP_NOT_FOUND: order(taro, 'shop: "shop_none"'),
  SOLD_OUT: async () => {
    const short = await another({})
    const { data } = await short.ask<{ menu: { toppings: { id: string }[] } }>('{ menu { toppings { id } } }')
    const [{ id } = { id: '' }] = data.menu.toppings
    await short.ask(
      `mutation { setAvailability(item: "${id}", available: false) { __typename } }`,
      {},
      await short.key('menu:write'),
    )
    return [order('{ flavor: "taro", toppings: ["boba"] }'), short]
  },
  TOO_MANY_DRINKS: order(many(11, () => taro)),
  UNKNOWN_ADD_ON: order('{ flavor: "taro", addOns: ["gold leaf"] }'),
  UNKNOWN_FLAVOR: order('{ flavor: "espresso" }'),
  UNKNOWN_ICE: order('{ flavor: "taro", ice: "dry ice" }'),
  UNKNOWN_SWEETNESS: order('{ flavor: "taro", sweetness: "salty" }'),
  UNKNOWN_TOPPING: order('{ flavor: "taro", toppings: ["gravel"] }'),
  CUPS_OF_TWO_ORDERS: async () => {
    const cups = []
    for (const { id } of [await placeOrder(api, key), await placeOrder(api, key)]) {
      const { data } = await api.ask<{ order: { items: { id: string }[] } }>(
        `{ order(id: "${id}") { items { id } } }`,
        {},
        key,
      )
      cups.push(data.order.items[0]!.id)
    }
    return [`recordLabels(input: { cups: ${JSON.stringify(cups)} })`]
  },
  NO_PHONE: async () => {
    const { id } = await placeOrder(api, key)
    const text = await textOf(api, key, id)
    await api.orm.em.fork().nativeUpdate(Order, id, { phone: null })
    return [`resendText(input: { text: "${text}" })`]
  },
  ORDER_ALREADY_CANCELLED: () => moved('cancelOrder', 'cancelOrder'),
  ORDER_ALREADY_PICKED_UP: () => moved('markOrderReady', 'completeOrder', 'completeOrder'),
  ORDER_ALREADY_PREPARING: () => moved('startOrder', 'startOrder'),
  ORDER_ALREADY_READY: () => moved('markOrderReady', 'markOrderReady'),
  ORDER_MOVE_NOT_ALLOWED: () => moved('cancelOrder', 'startOrder'),
  ORDER_NOT_FOUND: 'startOrder(id: "ord_none")',
  TEXT_ON_ITS_WAY: async () => {
    const provider = await startSmsProvider()
    onTestFinished(() => provider.close())
    provider.behave({ status: 429, code: 20_429 })
    const busy = await another({ env: provider.env, sms: { poll: 50, backOff: 60_000 } })
    const as = await busy.key('orders:read', 'orders:write')
    const { id } = await placeOrder(busy, as)
    return [`resendText(input: { text: "${await textOf(busy, as, id)}" })`, busy]
  },
  BAD_DELAY: 'delayOrdering(input: { minutes: 500 })',
  BAD_THRESHOLDS: 'updateShop(input: { warnAfterMinutes: 0 })',
  MENU_ITEM_NOT_FOUND: 'setAvailability(item: "item_none", available: true)',
  BAD_DOCUMENT: hook(hookUrl, 'eventTypes: [ORDER_CREATED], document: "{ menu { maxDrinks } }"'),
  BAD_EVENT_TYPES: hook(hookUrl, 'eventTypes: [HEARTBEAT]'),
  BAD_OVERLAP: 'rotateWebhookSecret(input: { id: "hook_none", overlapMinutes: -1 })',
  BAD_URL: hook('boba'),
  DELIVERY_NOT_FOUND: 'redeliver(input: { delivery: "msg_none" })',
  FORBIDDEN_ADDRESS: async () => [hook('https://127.0.0.1/boba'), await another({})],
  INSECURE_URL: async () => [hook('http://example.com/boba'), await another({})],
  MISSING_SCOPE: hook(
    hookUrl,
    'eventTypes: [ORDER_CREATED], document: "fragment Mine on OrderEvent { order { phone } }"',
  ),
  TOO_MANY_WEBHOOKS: async () => {
    for (let i = 0; i < 20; i += 1) await done(hook(hookUrl))
    return [hook(hookUrl)]
  },
  UNKNOWN_HOST: async () => {
    const resolve = () => Promise.reject(new Error('ENOTFOUND'))
    return [hook('https://nowhere.example/boba'), await another({ webhooks: { resolve } })]
  },
  WEBHOOKS_OFF: async () => [hook(hookUrl), await another({ env: { WEBHOOK_KEY: '' } })],
  WEBHOOK_DISABLED: async () => {
    const receiver = await startReceiver()
    onTestFinished(() => receiver.close())
    receiver.always('/gone', { status: 410 })
    const sends = await another({ webhooks: { allowPrivate: true, poll: 50 } })
    const as = await sends.key('webhooks:write', 'orders:read', 'orders:write')
    const { id } = await registerWebhook(sends, as, { url: `${receiver.url}/gone` })
    await placeOrder(sends, as)
    await expect.poll(async () => (await webhookState(sends, as, id)).enabled).toBe(false)
    const [delivery] = (await webhookState(sends, as, id)).deliveries.nodes
    return [`redeliver(input: { delivery: "${delivery!.id}" })`, sends, as]
  },
  WEBHOOK_NOT_FOUND: 'deleteWebhook(input: { id: "hook_none" })',
  BAD_SCRIPT: 'simulateCall(input: {})',
  NOT_PRACTICE: async () => [
    'simulateCall(input: { script: "x" })',
    await another({ server: { practiceLine: null } }),
  ],
  TOO_MANY_CALLS: async () => {
    const secret = `boba_${'v'.repeat(20)}`
    const port = await freePort()
    const busy = await another({ env: { VOICE_PORT: String(port), VOICE_API_KEY: secret } })
    const agent = await startPracticeAgent()
    const patience = { drain: 0, farewell: 0 }
    const talks = {
      apiUrl: busy.url,
      key: secret,
      secret,
      agentUrl: agent.url,
      practice: true,
      patience,
      port,
    }
    const voice = await startVoice(talks)
    onTestFinished(async () => {
      await voice.close()
      await agent.close()
    })
    const waits = 'simulateCall(input: { lines: ["> words that nobody says", "hi"] })'
    for (let i = 0; i < 5; i += 1) await done(waits, '__typename', busy)
    return [waits, busy]
  },
  VOICE_AWAY: async () => {
    const env = { VOICE_PORT: String(await freePort()), VOICE_API_KEY: `boba_${'v'.repeat(20)}` }
    return ['simulateCall(input: { script: "taro-with-boba" })', await another({ env })]
  },
  VOICE_KEY_DIFFERS: async () => ['simulateCall(input: { script: "taro-with-boba" })', await another({})],
  KEY_NOT_FOUND: 'revokeApiKey(input: { id: "key_none" })',
  KEY_REVOKED: async () => {
    const { apiKey } = await done<{ apiKey: { id: string } }>(
      'createApiKey(input: { name: "Loyalty app", scopes: ["orders:read"] })',
      '... on ApiKeyIssued { apiKey { id } }',
    )
    await done(`revokeApiKey(input: { id: "${apiKey.id}" })`)
    return [`rotateApiKey(input: { id: "${apiKey.id}" })`]
  },
  NAME_NEEDED: 'createApiKey(input: { name: " ", scopes: ["orders:read"] })',
  OWNER_SCOPE: 'createApiKey(input: { name: "Mine", scopes: ["keys:write"] })',
  SCOPES_NEEDED: 'createApiKey(input: { name: "Mine", scopes: [] })',
  UNKNOWN_SCOPE: 'createApiKey(input: { name: "Mine", scopes: ["everything"] })',
  VOICE_KEY: `rotateApiKey(input: { id: "${voiceKeyId}" })`,
  TOO_MANY_ATTEMPTS: async () => {
    const guessed = await another({})
    const wrong = 'signIn(pin: "wrong")'
    for (;;) {
      const { code } = await done<Refused>(wrong, '... on UserError { code }', guessed)
      if (code === 'TOO_MANY_ATTEMPTS') return [wrong, guessed]
    }
  },
  WRONG_PIN: 'signIn(pin: "wrong")',
}

/** A mutation. → what it answers */
async function done<Answer>(
  mutation: string,
  selection = '__typename',
  at = api,
  as?: string,
): Promise<Answer> {
  as ??= at === api ? key : await at.key('menu:write', 'orders:write', 'webhooks:write', 'orders:read')
  const signsIn = mutation.startsWith('signIn')
  const { data, errors } = await at.ask<{ done: Answer }>(
    `mutation { done: ${mutation} { ${selection} } }`,
    {},
    signsIn ? undefined : as,
  )
  expect(errors).toBeUndefined()
  return data.done
}

/** The text that says that an order was received, once there is one. */
async function textOf(at: TestApi, as: string, id: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  await expect
    .poll(async () => {
      const query = 'query ($id: ID!) { order(id: $id) { texts { id } } }'
      const { data } = await at.ask<{ order: { texts: { id: string }[] } }>(query, { id }, as)
      const [text] = data.order.texts
      if (text) resolve(text.id)
      return text
    })
    .toBeDefined()
  return promise
}

/** Moves a new order. → the last move, which is still to be done */
async function moved(...moves: string[]): Promise<[string]> {
  const { id } = await placeOrder(api, key)
  const last = moves.pop()!
  for (const move of moves) await done(`${move}(id: "${id}")`)
  return [`${last}(id: "${id}")`]
}

/** Holds the page to what stands under "for example", or writes it there. */
function expectExample(code: string, message: string): void {
  const cell = message.replaceAll('|', '\\|')
  if (process.env.UPDATE_DOCS) {
    page = page.replace(
      new RegExp(`^(\\| \`${code}\` *\\| ).*?( *\\| .* \\|)$`, 'm'),
      (_, a, b) => `${a}${cell}${b}`,
    )
    return
  }
  expect(settled(examples.get(code)!)).toBe(settled(cell))
}

describe('refusals', () => {
  test.each(Object.entries(refusals))('%s is printed as the page shows it', async (code, how) => {
    const [mutation, at, as] = typeof how === 'string' ? [how] : await how()
    const refused = await done<Refused>(mutation, '... on UserError { code message }', at, as)
    expect(refused.code).toBe(code)
    expectExample(code, refused.message)
  })
})

/** What an agent function answers that is refused by each of the codes. */
const misunderstood: Record<string, (call: PhoneCall, voice: string) => Promise<Reply>> = {
  CALL_RESUMED: async (_, voice) => {
    const from = '+15557654321'
    const first = await phoneCall(api, voice, { from })
    await first.run('addToCart', { drink })
    const ended = 'mutation ($input: EndCallInput!) { endCall(input: $input) { id } }'
    await api.ask(ended, { input: { call: first.id, reason: 'CALLER_HUNG_UP' } }, voice)
    await phoneCall(api, voice, { from })
    return first.run('checkoutOrder')
  },
  CANCELLED: async (call, voice) => {
    const cancel = 'mutation ($input: CancelFunctionsInput!) { cancelFunctions(input: $input) }'
    await api.ask(cancel, { input: { call: call.id, requests: ['call_1'] } }, voice)
    return call.run('addToCart', { drink }, 'call_1')
  },
  CART_EMPTY: call => call.run('checkoutOrder'),
  CART_FULL: async call => {
    for (let i = 0; i < 10; i += 1) {
      await call.run('addToCart', { drink })
      await call.run('confirmPendingToCart')
    }
    return call.run('addToCart', { drink })
  },
  NO_CALLER_ID: call => call.run('savePhoneNumber', { phone: 'this number' }),
  NO_PENDING_ITEM: call => call.run('confirmPendingToCart'),
  NO_SUCH_CALL: call => call.run('addToCart', { drink, call: newId('CA') }),
  NO_SUCH_DRINK: async call => {
    await call.run('addToCart', { drink })
    await call.run('confirmPendingToCart')
    return call.run('removeFromCart', { index: 3 })
  },
  NUMBER_NEEDED: call => call.run('orderStatus'),
  ORDER_CLOSED: async call => {
    await move(api, key, 'cancelOrder', await orderedBy(call))
    return call.run('savePhoneNumber', { phone: '555-765-4321' })
  },
  ORDER_STARTED: async call => {
    await move(api, key, 'startOrder', await orderedBy(call))
    await call.run('addToCart', { drink })
    return call.run('checkoutOrder')
  },
  PHONE_NEEDED: async call => {
    await call.run('addToCart', { drink })
    return call.run('checkoutOrder')
  },
  REQUEST_REUSED: async call => {
    await call.run('addToCart', { drink }, 'call_1')
    return call.run('clearPendingItem', {}, 'call_1')
  },
}

const drink = { flavor: 'taro' }

/** → the id of its order */
async function orderedBy(call: PhoneCall): Promise<string> {
  await call.run('addToCart', { drink })
  const { orderNumber } = await call.run('checkoutOrder', { phone: '555-123-4567' })
  const query = 'query ($number: String!) { order(number: $number) { id } }'
  return (await api.ask<{ order: { id: string } }>(query, { number: orderNumber }, key)).data.order.id
}

describe("of the voice agent's functions", () => {
  test.each(Object.entries(misunderstood))('%s is printed as the page shows it', async (code, how) => {
    const voice = await api.key('calls:write')
    const reply = await how(await phoneCall(api, voice), voice)
    expect(reply).toMatchObject({ ok: false, code })
    expectExample(code, reply.error!)
  })
})

test('every code has an example', () => {
  const printed = [...headingsOf(inErrors.split('## HTTP status')[0]!), ...examples.keys()]
  const provocations = Object.keys({ ...provoked, ...refusals, ...misunderstood })
  expect(printed.toSorted()).toEqual(provocations.toSorted())
})

/** Words in capitals that stand in the code of the api and are no codes of errors. */
const noCodes = new Set(
  'API_KEY STAFF ANYONE EAI_AGAIN ENOTFOUND ERR_STREAM_PREMATURE_CLOSE HPE_INVALID_EOF_STATE SQLITE_FULL BAD_SIGNATURE'.split(
    ' ',
  ),
)

test('every code of the sources is on the page, and no other', async () => {
  const schema = createSchema()
  const enums = new Set(
    Object.values(schema.getTypeMap()).flatMap(type =>
      isEnumType(type) ? type.getValues().map(({ name }) => name) : [],
    ),
  )
  const found = new Set<string>()
  for await (const source of glob(['api/**/*.ts', 'simulation.ts'], {
    exclude: ['api/migrations/**', 'api/env.ts'],
  })) {
    // What is only an enum value in one place may be a code in another: there it is said to be one.
    const text = (await readFile(source, 'utf8')).replace(/\/\*\*[^]*?\*\/|\/\/[^\n]*/g, '')
    for (const [, said, code] of text.matchAll(
      /(refuse\w*\(\s*|code: |Refusal\(\s*|withCode\([^']*)?'([A-Z]{2,}(?:_[A-Z]+)+|[A-Z]{3,})'/g,
    )) {
      if ((said || (code!.includes('_') && !enums.has(code!))) && !noCodes.has(code!)) found.add(code!)
    }
  }
  const told = new Set([...page.matchAll(/^(?:### |\| )`([A-Z_]+)`/gm)].map(([, code]) => code!))
  // Made of the status: there is one for each that an order can move to.
  const made = [...told].filter(code => code.startsWith('ORDER_ALREADY_'))
  expect(made.map(code => code.slice('ORDER_ALREADY_'.length)).sort()).toEqual([
    'CANCELLED',
    'PICKED_UP',
    'PREPARING',
    'READY',
  ])
  const variables = new Set(
    [...(await readFile('api/env.ts', 'utf8')).matchAll(/^ +([A-Z_]+):/gm)].map(([, name]) => name!),
  )
  expect([...found].filter(code => !told.has(code) && !variables.has(code)).sort()).toEqual([])
  expect([...told].filter(code => !found.has(code) && !made.includes(code)).sort()).toEqual([])
})

describe('a WebSocket is closed', () => {
  const subscribe = JSON.stringify({
    id: '1',
    type: 'subscribe',
    payload: { query: 'subscription { boardEvents { type } }' },
  })
  const init = '{"type":"connection_init"}'
  test.each([
    [1009, ['x'.repeat(100_001)]],
    [4400, ['no protocol']],
    [4401, [subscribe]],
    [4403, ['{"type":"connection_init","payload":{"authorization":"Bearer boba_wrong"}}']],
    [4429, [init, init]],
  ])('with %i as the page says', async (code, messages) => {
    expect(page).toMatch(new RegExp(`^\\| ${code} \\|`, 'm'))
    const socket = await openSocket()
    const closed = once(socket, 'close')
    for (const message of messages) socket.send(message)
    expect((await closed)[0]).toBe(code)
  })

  test('by the protocol that the page names, on which streams are refused by the same codes', async () => {
    const [error] = await bySocket(api, '{ board { at } }')
    expect(error!.extensions.code).toBe('BAD_REQUEST')
  })
})
