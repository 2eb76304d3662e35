import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ApiKey } from '../../api/auth/api-key.entity.ts'
import { newKey } from '../../api/auth/key-format.ts'
import { sha256 } from '../../api/auth/keys.ts'
import { startApi, type TestApi } from '../support/api.ts'
import { build, run } from '../support/built.ts'
import { listen } from '../support/listener.ts'

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

describe('npm run api-key', () => {
  let folder: string
  let database: string
  beforeAll(async () => {
    await build()
    folder = await mkdtemp(join(tmpdir(), 'boba-keys-'))
    database = `sqlite:${join(folder, 'shop.db')}`
  })
  afterAll(() => rm(folder, { recursive: true }))

  const command = (...args: string[]) => run('api/api-key.js', { DATABASE_URL: database }, args, folder).ended

  test('makes a key that works, shows it once, lists it and revokes it', async () => {
    const created = await command('create', 'Loyalty app', '--scope', 'orders:read', '--scope', 'orders:pii')
    expect(created).toMatchObject({ code: 0, stderr: '' })
    const key = /^boba_[0-9a-f]{40}$/m.exec(created.stdout)![0]
    const id = /key_\w+/.exec(created.stdout)![0]

    const api = await startApi({ database })
    expect((await api.ask<{ me: object }>('{ me { name scopes } }', {}, key)).data.me).toEqual({
      name: 'Loyalty app',
      scopes: ['orders:read', 'orders:pii'],
    })

    const listed = await command('list')
    expect(listed.stdout).toContain(id)
    expect(listed.stdout).toContain('Loyalty app')
    expect(listed.stdout).not.toContain(key)

    expect(await command('revoke', id)).toMatchObject({ code: 0 })
    expect((await api.ask(orders, {}, key)).status).toBe(401)
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
