import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ApiKey } from '../../api/auth/api-key.entity.ts'
import { PiiRead } from '../../api/auth/pii-read.entity.ts'
import { newKey } from '../../api/auth/key-format.ts'
import { sha256, storeKey, storeVoiceKey } from '../../api/auth/keys.ts'
import { postgresql, startApi, type TestApi } from '../support/api.ts'
import { build, run } from '../support/built.ts'
import { listen } from '../support/listener.ts'
import { placeOrder } from '../support/orders.ts'
import { byHttp, bySocket } from '../support/roads.ts'

const orders = '{ orders(first: 1) { nodes { id } } }'

describe('an API key', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await startApi()
  })
  afterAll(() => api.close())

  test('may do what its scopes say and nothing else', async () => {
    const reader = await api.key('orders:read')
    expect((await api.ask(orders, {}, reader)).errors).toBeUndefined()
    const { data, errors } = await api.ask<{ me: object }>('{ me { kind name scopes } }', {}, reader)
    expect(errors).toBeUndefined()
    expect(data.me).toEqual({ kind: 'API_KEY', name: 'Test', scopes: ['orders:read'] })
    for (const query of [
      '{ calls(first: 1) { nodes { id } } }',
      'mutation { markOrderReady(id: "ord_1") { __typename } }',
      'mutation { startCall(input: { callSid: "CA1" }) { id } }',
    ]) {
      const { errors } = await api.ask(query, {}, reader)
      expect(errors![0]!.extensions.code).toBe('FORBIDDEN')
    }
  })

  test('is stored only as its SHA-256', async () => {
    const key = await api.key('orders:read')
    const row = await api.orm.em.fork().findOneOrFail(ApiKey, { hash: sha256(key) })
    expect(JSON.stringify(row)).not.toContain(key)
  })

  test.each([
    ['made up', `Bearer ${newKey()}`],
    ['of another kind', 'Basic YTpi'],
    ['empty', 'Bearer '],
  ])('that is %s is refused with 401, public or not', async (_, authorization) => {
    for (const query of [orders, '{ menu { maxDrinks } }']) {
      const response = await fetch(`${api.url}/graphql`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Authorization: authorization },
        body: JSON.stringify({ query }),
      })
      expect(response.status).toBe(401)
      expect(response.headers.get('WWW-Authenticate')).toBe('Bearer')
      expect(await response.json()).toMatchObject({
        errors: [{ extensions: { code: 'UNAUTHENTICATED', requestId: expect.any(String) } }],
      })
    }
  })

  test('that is revoked loses its open sockets, and a session that is over too; others stay', async () => {
    const quick = await startApi({ server: { recheck: 20 }, log: { heartbeat: 20 } })
    try {
      const [key, other] = [await quick.key('orders:read'), await quick.key('orders:read')]
      const cookie = await quick.signIn()
      const revoked = listen(quick, { field: 'orderEvents', key })
      const signedOut = listen(quick, { field: 'orderEvents', headers: { Cookie: cookie } })
      const standing = listen(quick, { field: 'orderEvents', key: other })
      await Promise.all([revoked.beat(), signedOut.beat(), standing.beat()])
      await quick.orm.em.fork().nativeUpdate(ApiKey, { hash: sha256(key) }, { revokedAt: new Date() })
      expect(await revoked.ended).toMatchObject({ code: 4403 })
      await quick.ask('mutation { signOut }', {}, cookie)
      expect(await signedOut.ended).toMatchObject({ code: 4403 })
      await standing.beat()
      await standing.stop()
    } finally {
      await quick.close()
    }
  })

  test('that was revoked is refused from then on', async () => {
    const key = await api.key('orders:read')
    expect((await api.ask(orders, {}, key)).status).toBe(200)
    await api.orm.em.fork().nativeUpdate(ApiKey, { hash: sha256(key) }, { revokedAt: new Date() })
    const { status, errors } = await api.ask(orders, {}, key)
    expect(status).toBe(401)
    expect(errors![0]!.extensions.code).toBe('UNAUTHENTICATED')
  })
})

describe('the form of a key', () => {
  test('lets a scanner tell a leaked one by its checksum, without asking', () => {
    const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
    for (const key of Array.from({ length: 50 }, newKey)) {
      const [, random, sum] = /^boba_([0-9A-Za-z]{30})([0-9A-Za-z]{6})$/.exec(key)!
      const value = [...sum!].reduce((total, digit) => total * 62 + digits.indexOf(digit), 0)
      expect(value).toBe(crc32(random!))
    }
  })

  test('tells a mistyped one from a wrong one; older ones and one of the configuration need no checksum', async () => {
    const [old, own] = [`boba_${'0123456789abcdef'.repeat(3).slice(0, 40)}`, `boba_${'a'.repeat(36)}`]
    const api = await startApi({ env: { VOICE_API_KEY: own } })
    await storeKey(api.orm.em.fork(), old, 'Older', ['orders:read'])
    expect((await api.ask(orders, {}, old)).errors).toBeUndefined()
    expect((await api.ask<{ me: object }>('{ me { name } }', {}, own)).data.me).toEqual({ name: 'voice' })
    const key = await api.key('orders:read')
    const mistyped = key.slice(0, -1) + (key.endsWith('0') ? '1' : '0')
    const { status, errors } = await api.ask(orders, {}, mistyped)
    expect(status).toBe(401)
    expect(errors![0]!.message).toContain('mistyped')
    expect((await api.ask(orders, {}, newKey())).errors![0]!.message).toContain('wrong, was replaced or was')
    await api.close()
  })
})

interface Key {
  id: string
  name: string
  prefix: string
  scopes: string[]
  lastUsedAt: string | null
  previousUntil: string | null
  revokedAt: string | null
}

interface Issued {
  result: { __typename: string; key: string; apiKey: Key; code?: string; path?: string[] }
}

const row = 'id name prefix scopes lastUsedAt previousUntil revokedAt'
const refusal = '... on ApiKeyRefused { code message path }'
const create = `mutation ($input: CreateApiKeyInput!) {
  result: createApiKey(input: $input) { __typename ... on ApiKeyIssued { key apiKey { ${row} } } ${refusal} } }`
const rotate = `mutation ($input: RotateApiKeyInput!) {
  result: rotateApiKey(input: $input) { __typename ... on ApiKeyIssued { key apiKey { ${row} } } ${refusal} } }`
const revoke = `mutation ($id: ID!) {
  result: revokeApiKey(input: { id: $id }) { __typename ... on ApiKey { ${row} } ${refusal} } }`

describe('the owner', () => {
  let api: TestApi
  let owner: string
  beforeAll(async () => {
    api = await startApi({ server: { recheck: 20 }, log: { heartbeat: 20 } })
    owner = await api.key('keys:write')
  })
  afterAll(() => api.close())

  const issue = async (query: string, input: object, as = owner) =>
    (await api.ask<Issued>(query, { input }, as)).data.result
  const statusOf = async (key: string) => (await api.ask('{ me { name } }', {}, key)).status
  const list = async (first: number, after?: string) =>
    (
      await api.ask<{ apiKeys: { nodes: Key[]; pageInfo: { endCursor: string; hasNextPage: boolean } } }>(
        `query ($first: Int!, $after: String) {
          apiKeys(first: $first, after: $after) { nodes { ${row} } pageInfo { endCursor hasNextPage } } }`,
        { first, after },
        owner,
      )
    ).data.apiKeys

  test('makes keys, which are shown once, and lists them', async () => {
    const made = await issue(create, { name: ' Loyalty app ', scopes: ['orders:read', 'orders:read'] })
    expect(made).toMatchObject({
      __typename: 'ApiKeyIssued',
      key: expect.stringMatching(/^boba_[0-9A-Za-z]{36}$/),
      apiKey: {
        name: 'Loyalty app',
        prefix: made.key.slice(0, 9),
        scopes: ['orders:read'],
        lastUsedAt: null,
        revokedAt: null,
      },
    })
    expect((await api.ask(orders, {}, made.key)).errors).toBeUndefined()
    const { nodes, pageInfo } = await list(1)
    expect(nodes).toMatchObject([{ id: made.apiKey.id }])
    expect(pageInfo.hasNextPage).toBe(true)
    const rest = await list(100, pageInfo.endCursor)
    expect(rest.nodes.map(({ id }) => id)).not.toContain(made.apiKey.id)
    expect(JSON.stringify([nodes, rest])).not.toContain(made.key)
  })

  test.each([
    [{ name: ' ', scopes: ['orders:read'] }, 'NAME_NEEDED', 'name'],
    [{ name: 'Till\n\u001b[31mkey_fake', scopes: ['orders:read'] }, 'BAD_NAME', 'name'],
    [{ name: 'x'.repeat(101), scopes: ['orders:read'] }, 'NAME_TOO_LONG', 'name'],
    [{ name: 'App', scopes: [] }, 'SCOPES_NEEDED', 'scopes'],
    [{ name: 'App', scopes: ['orders:eat'] }, 'UNKNOWN_SCOPE', 'scopes'],
    [{ name: 'App', scopes: ['orders:read', 'keys:write'] }, 'OWNER_SCOPE', 'scopes'],
  ])('makes none from %j: %s', async (input, code, field) => {
    expect(await issue(create, input)).toMatchObject({
      __typename: 'ApiKeyRefused',
      code,
      path: ['input', field],
    })
  })

  test('rotates a key: the old one works a while longer, its sockets too, and then no more', async () => {
    const first = await issue(create, { name: 'POS', scopes: ['orders:read', 'orders:write'] })
    const { id } = first.apiKey
    const second = await issue(rotate, { id })
    expect(second.apiKey).toMatchObject({ id, name: 'POS', scopes: ['orders:read', 'orders:write'] })
    const until = new Date(second.apiKey.previousUntil!).getTime() - Date.now()
    expect(Math.round(until / 60_000)).toBe(24 * 60)
    expect([await statusOf(first.key), await statusOf(second.key)]).toEqual([200, 200])
    // An order that is repeated with the new key is the order of the old one.
    const place = `mutation { placeOrder(idempotencyKey: "1", input: { phone: "555-123-4567", drinks: [{ flavor: "taro" }] }) {
      ... on PlacedOrder { replayed order { id } } } }`
    const placed = await api.ask<{ placeOrder: { order: object } }>(place, {}, first.key)
    expect((await api.ask(place, {}, second.key)).data).toEqual({
      placeOrder: { replayed: true, order: placed.data.placeOrder.order },
    })

    const [old, present] = [first.key, second.key].map(key => listen(api, { field: 'orderEvents', key }))
    await Promise.all([old!.beat(), present!.beat()])
    await api.orm.em.fork().nativeUpdate(ApiKey, { id }, { previousUntil: new Date(Date.now() - 1) })
    expect(await old!.ended).toMatchObject({ code: 4403 })
    await present!.beat()
    await present!.stop()
    expect([await statusOf(first.key), await statusOf(second.key)]).toEqual([401, 200])

    const third = await issue(rotate, { id, overlapMinutes: 5 })
    const fourth = await issue(rotate, { id, overlapMinutes: 0 })
    expect(await Promise.all([second, third, fourth].map(({ key }) => statusOf(key)))).toEqual([
      401, 401, 200,
    ])
  })

  test('cannot rotate what is not theirs to rotate', async () => {
    const revoked = (await issue(create, { name: 'Gone', scopes: ['menu:read'] })).apiKey.id
    await api.ask(revoke, { id: revoked }, owner)
    await storeVoiceKey(api.orm.em.fork(), newKey())
    const { id: self } = await api.orm.em.fork().findOneOrFail(ApiKey, { hash: sha256(owner) })
    for (const [input, code] of [
      [{ id: 'key_none' }, 'KEY_NOT_FOUND'],
      [{ id: revoked }, 'KEY_REVOKED'],
      [{ id: 'key_voice' }, 'VOICE_KEY'],
      [{ id: self }, 'OWNER_SCOPE'],
      [{ id: 'key_none', overlapMinutes: -1 }, 'BAD_OVERLAP'],
      [{ id: 'key_none', overlapMinutes: 50_000 }, 'BAD_OVERLAP'],
    ] as const) {
      expect(await issue(rotate, input)).toMatchObject({ __typename: 'ApiKeyRefused', code })
    }
    const { data } = await api.ask(revoke, { id: 'key_voice' }, owner)
    expect(JSON.stringify(data)).toContain('VOICE_KEY')
    expect((await api.orm.em.fork().findOneOrFail(ApiKey, 'key_voice')).revokedAt).toBeNull()
  })

  test('revokes a key, with the one it was and with its sockets', async () => {
    const first = await issue(create, { name: 'Driver', scopes: ['orders:read'] })
    const { id } = first.apiKey
    const second = await issue(rotate, { id })
    const sockets = [first.key, second.key].map(key => listen(api, { field: 'orderEvents', key }))
    await Promise.all(sockets.map(socket => socket.beat()))
    const { data } = await api.ask<{ result: Key }>(revoke, { id }, owner)
    expect(data.result).toMatchObject({ __typename: 'ApiKey', id, revokedAt: expect.any(String) })
    for (const { ended } of sockets) expect(await ended).toMatchObject({ code: 4403 })
    expect(await Promise.all([first, second].map(({ key }) => statusOf(key)))).toEqual([401, 401])
    const again = await api.ask<{ result: Key }>(revoke, { id }, owner)
    expect(again.data.result.revokedAt).toBe(data.result.revokedAt)
    expect((await api.ask(revoke, { id: 'key_none' }, owner)).data).toMatchObject({
      result: { code: 'KEY_NOT_FOUND' },
    })
  })

  test('is nobody who only knows the PIN', async () => {
    const staff = await api.signIn()
    for (const query of [
      '{ apiKeys(first: 1) { nodes { id } } }',
      '{ piiReads(first: 1) { nodes { id } } }',
    ]) {
      expect((await api.ask(query, {}, staff)).errors![0]!.extensions).toMatchObject({ code: 'FORBIDDEN' })
    }
  })
})

test('when a key was last used is written once a minute, over either road', async () => {
  const updates: string[] = []
  const api = await startApi({
    onQuery: sql => void (/^update.*last_used_at/.test(sql) && updates.push(sql)),
  })
  const [key, listening, idle] = [
    await api.key('orders:read'),
    await api.key('orders:read'),
    await api.key('orders:read'),
  ]
  const usedAt = async (of: string) =>
    (await api.orm.em.fork().findOneOrFail(ApiKey, { hash: sha256(of) })).lastUsedAt?.getTime() ?? null
  const before = Date.now()
  for (let i = 0; i < 10; i += 1) await api.ask(orders, {}, key)
  await expect.poll(() => usedAt(key)).toBeGreaterThanOrEqual(before)
  expect(updates).toHaveLength(1)
  const socket = listen(api, { field: 'orderEvents', key: listening })
  await expect.poll(() => usedAt(listening)).not.toBeNull()
  await socket.stop()
  expect(await usedAt(idle)).toBeNull()
  await api.close()
})

describe('what an API key reads of guests', () => {
  let api: TestApi
  let owner: string
  let reader: string
  beforeAll(async () => {
    api = await startApi()
    owner = await api.key('keys:write')
    reader = await api.key('orders:read', 'orders:write', 'orders:pii', 'calls:read')
    const voice = await api.key('calls:write')
    await api.ask('mutation { startCall(input: { callSid: "CA1", from: "+15557654321" }) { id } }', {}, voice)
  })
  afterAll(() => api.close())

  interface Read {
    apiKey: string
    fields: string[]
    orders: string[]
    calls: string[]
    count: number
  }

  const idOf = async (key: string) =>
    (await api.orm.em.fork().findOneOrFail(ApiKey, { hash: sha256(key) })).id
  const reads = async (key?: string) => {
    const filter = key === undefined ? null : { apiKey: await idOf(key) }
    const { data } = await api.ask<{ piiReads: { nodes: Read[] } }>(
      `query ($filter: PiiReadFilter) {
        piiReads(first: 100, filter: $filter) { nodes { apiKey at fields orders calls count } } }`,
      { filter },
      owner,
    )
    return data.piiReads.nodes
  }

  test('is written down: who, when and whose, and no numbers', async () => {
    const placed = await placeOrder(api, reader)
    const other = await placeOrder(api, reader)
    const page = '{ orders(first: 10) { nodes { id number name phone } } }'
    const { data } = await api.ask<{ orders: { nodes: { phone: string }[] } }>(page, {}, reader)
    expect(data.orders.nodes[0]!.phone).toBe('+15551234567')
    const [read, ...older] = await reads(reader)
    expect(older).toEqual([])
    expect(read).toMatchObject({
      apiKey: await idOf(reader),
      fields: ['Order.name', 'Order.phone'],
      orders: expect.arrayContaining([placed.id, other.id]),
      calls: [],
      count: 4,
    })
    const rows = await api.orm.em.fork().execute('select * from pii_read')
    expect(JSON.stringify(rows)).not.toMatch(/5551234567|Ada/)

    // A change that answers with the number reads it, a search for digits too, found or not.
    await api.ask(`mutation { startOrder(id: "${placed.id}") { ... on Order { phone } } }`, {}, reader)
    await api.ask('{ orders(first: 10, filter: { phoneEndsWith: "4567" }) { nodes { id } } }', {}, reader)
    await api.ask('{ orders(first: 10, filter: { phoneEndsWith: "0000" }) { nodes { id } } }', {}, reader)
    expect((await reads(reader)).slice(0, 3)).toMatchObject([
      { fields: ['OrderFilter.phoneEndsWith'], orders: [], count: 1 },
      { fields: ['Order.phone', 'OrderFilter.phoneEndsWith'], count: 3 },
      { fields: ['Order.phone'], orders: [placed.id], count: 1 },
    ])
  })

  test('on a socket too, which may go on reading when it was stopped', async () => {
    const shop = await startApi()
    const key = await shop.key('orders:read', 'orders:write', 'orders:pii')
    await placeOrder(shop, key)
    const socket = listen(shop, { field: 'orderEvents', key, order: 'id phone', after: '0' })
    const event = await socket.next()
    expect(event.order).toMatchObject({ phone: '+15551234567' })
    const rows = () => shop.orm.em.fork().findAll(PiiRead)
    await expect
      .poll(rows)
      .toContainEqual(
        expect.objectContaining({ fields: ['Order.phone'], orders: [event.order!.id], count: 1 }),
      )
    await socket.stop()
    await shop.close()
  })

  test('of calls too', async () => {
    await api.ask('{ call(id: "CA1") { from callerEnding } }', {}, reader)
    expect((await reads(reader))[0]).toMatchObject({
      fields: ['Call.callerEnding', 'Call.from'],
      calls: ['CA1'],
    })
    const voice = await api.key('calls:write')
    const said = '{ speaker: CALLER, text: "a taro" }'
    await api.ask(`mutation { recordWords(input: { call: "CA1", from: 0, said: [${said}] }) }`, {}, voice)
    for (const words of ['transcript', 'lastWords']) {
      const { data } = await api.ask(`{ call(id: "CA1") { words: ${words} { text } } }`, {}, reader)
      expect(data).toEqual({ call: { words: [{ text: 'a taro' }] } })
      expect((await reads(reader))[0]).toMatchObject({ fields: ['Said.text'], calls: ['CA1'], count: 1 })
    }
  })

  test('by the agent functions too, unless it is the key of the voice process', async () => {
    const ask = (document: string, key: string) => api.ask(document, {}, key)
    const other = await api.key('calls:write')
    const voice = newKey()
    await storeVoiceKey(api.orm.em.fork(), voice)
    const before = (await reads()).length
    const save = (request: string) =>
      `mutation { savePhoneNumber(call: "CA1", request: "${request}", phone: "caller id") { phone } }`
    await ask(save('read-1'), other)
    expect((await reads(other))[0]).toMatchObject({ fields: ['PhoneAnswer.phone'], count: 1 })
    await ask('{ orderStatus(call: "CA1", phone: "+15550001111") { found } }', other)
    expect((await reads(other))[0]).toMatchObject({ fields: ['Query.orderStatus'], count: 1 })
    await ask(save('read-2'), voice)
    await ask('{ orderStatus(call: "CA1", phone: "+15550001111") { found } }', voice)
    expect(await reads()).toHaveLength(before + 2)
  })

  test('is not what it may not read, what staff read, or what the voice process reads of its call', async () => {
    const before = (await reads()).length
    const page = '{ orders(first: 10) { nodes { phone } } }'
    const blind = await api.key('orders:read')
    expect((await api.ask<{ orders: { nodes: object[] } }>(page, {}, blind)).data.orders.nodes[0]).toEqual({
      phone: null,
    })
    await api.ask(page, {}, await api.signIn())
    await api.ask('{ orders(first: 10) { nodes { id status } } }', {}, reader)
    const voice = newKey()
    await storeVoiceKey(api.orm.em.fork(), voice)
    const { data } = await api.ask('{ call(id: "CA1") { from } }', {}, voice)
    expect(data).toEqual({ call: { from: '+15557654321' } })
    expect(await reads()).toHaveLength(before)
  })

  test('is not told when it cannot be written down', async () => {
    const broken = await startApi()
    const key = await broken.key('orders:read', 'orders:write', 'orders:pii')
    await placeOrder(broken, key)
    await broken.orm.em.fork().execute('alter table pii_read rename to lost')
    const answers = [
      await byHttp(broken, '{ orders(first: 10) { nodes { phone } } }', key),
      await bySocket(broken, 'subscription { orderEvents(after: "0") { order { phone } } }', key),
    ]
    for (const errors of answers) {
      expect(errors).toMatchObject([{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }])
    }
    const { data } = await broken.ask('{ orders(first: 10) { nodes { phone } } }', {}, key)
    expect(data).toBeFalsy()
    await broken.close()
  })
})

describe('the key of the voice process', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'boba-keys-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  test('is the one of the configuration, and only that one', async () => {
    const database = `sqlite:${join(folder, 'shop.db')}`
    const ask = (api: TestApi, key: string) =>
      api.ask<{ startCall: object }>('mutation { startCall(input: { callSid: "CA1" }) { id } }', {}, key)
    const [first, second] = [newKey(), newKey()]
    for (const key of [first, first, second]) {
      const api = await startApi({ database, env: { VOICE_API_KEY: key } })
      expect((await ask(api, key)).data).toEqual({ startCall: { id: 'CA1' } })
      if (key === second) expect((await ask(api, first)).status).toBe(401)
      expect(await api.orm.em.fork().findAll(ApiKey)).toMatchObject([
        { name: 'voice', scopes: ['calls:write'] },
      ])
      await api.close()
    }
  })
})

// It opens SQLite whatever the tests run on.
describe.skipIf(postgresql())('npm run api-key', () => {
  let folder: string
  let database: string
  beforeAll(async () => {
    await build()
    folder = await mkdtemp(join(tmpdir(), 'boba-keys-'))
    database = `sqlite:${join(folder, 'shop.db')}`
  })
  afterAll(() => rm(folder, { recursive: true }))

  const command = (...args: string[]) => run('api-key', { DATABASE_URL: database }, args, folder).ended

  const keyIn = (output: string) => /^boba_\w{36}$/m.exec(output)![0]

  test('makes a key that works, shows it once, lists it, rotates it, tells what it has read, and revokes it', async () => {
    const created = await command('create', 'Loyalty app', '--scope', 'orders:read', '--scope', 'orders:pii')
    expect(created).toMatchObject({ code: 0, stderr: '' })
    const key = keyIn(created.stdout)
    const id = /key_\w+/.exec(created.stdout)![0]

    const api = await startApi({ database })
    const statusOf = async (of: string) => (await api.ask(orders, {}, of)).status
    expect((await api.ask<{ me: object }>('{ me { name scopes } }', {}, key)).data.me).toEqual({
      name: 'Loyalty app',
      scopes: ['orders:read', 'orders:pii'],
    })
    await api.ask('{ orders(first: 1, filter: { phoneEndsWith: "4567" }) { nodes { id } } }', {}, key)

    const listed = await command('list')
    expect(listed.stdout).toContain(id)
    expect(listed.stdout).toContain('Loyalty app')
    expect(listed.stdout).toMatch(/last used \d{4}-\d\d-\d\dT\d\d:\d\dZ/)
    expect(listed.stdout).not.toContain(key)
    expect((await command('reads', id)).stdout).toMatch(
      new RegExp(`^\\S+Z {2}${id} {2}Loyalty app {2}1 × OrderFilter.phoneEndsWith`),
    )

    const rotated = await command('rotate', id, '--overlap', '30m')
    const next = keyIn(rotated.stdout)
    expect(rotated.stdout).toContain('The old one works until')
    expect((await command('list')).stdout).toContain('old key until')
    expect([await statusOf(key), await statusOf(next)]).toEqual([200, 200])

    expect(await command('revoke', next)).toMatchObject({ code: 0 })
    expect([await statusOf(key), await statusOf(next)]).toEqual([401, 401])
    expect((await command('list')).stdout).toContain('revoked')
    await api.close()
  })

  test.each([
    [['create', 'App', '--scope', 'orders:eat'], 'There is no scope "orders:eat". There are: menu:read'],
    [['create', 'App'], 'Say what the key may do, with --scope'],
    [['create', '--scope', 'orders:read'], 'Say whose key it is'],
    [['create', 'Loyalty', 'app', '--scope', 'orders:read'], 'Put a name in quotes'],
    [['revoke', 'key_none'], 'There is no key key_none'],
    [['revoke'], 'Say which key'],
    [['rotate', 'key_none', '--overlap', 'soon'], '"soon" is no time'],
    [['destroy'], 'There is no command "destroy"'],
    [['list', '--all'], "Unknown option '--all'"],
    [[], 'npm run api-key -- create NAME'],
  ])('%j is answered with what to do', async (args, sentence) => {
    const { code, stderr, stdout } = await command(...args)
    expect(code).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toContain(sentence)
    expect(stderr).not.toMatch(/^\s+at /m)
  })
})
