import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { StaffSession } from '../../api/auth/staff-session.entity.ts'
import { staffPin, startApi, type TestApi } from '../support/api.ts'

let api: TestApi
beforeEach(async () => {
  api = await startApi({ env: { PUBLIC_URL: 'https://boba.example.com/' } })
})
afterEach(() => api.close())

const signIn =
  'mutation ($pin: String!) { signIn(pin: $pin) { __typename ... on SignInRefused { code message path retryAfter } ... on SignedIn { viewer { kind scopes shop { name } } } } }'

interface SignIn {
  signIn: { __typename: string; code?: string; retryAfter?: number; message?: string }
}

const kindOf = async (as?: string) =>
  (await api.ask<{ me: { kind: string } }>('{ me { kind } }', {}, as)).data.me.kind

/** A request as a page at `origin` makes it. */
const fromPage = async (origin: string, query: string, cookie?: string) => {
  const response = await fetch(`${api.url}/graphql`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Origin: origin, ...(cookie && { Cookie: cookie }) },
    body: JSON.stringify({ query }),
  })
  return {
    headers: response.headers,
    ...((await response.json()) as { data: object; errors?: { extensions: { code: string } }[] }),
  }
}

test('anyone may read the menu and the board, and is told what else needs', async () => {
  const { data, errors } = await api.ask<{ me: object; menu: object; board: object; orders: null }>(
    '{ me { kind name scopes } menu { maxDrinks } board { orders { number } } }',
  )
  expect(errors).toBeUndefined()
  expect(data).toEqual({
    me: { kind: 'ANYONE', name: 'Anyone', scopes: [] },
    menu: { maxDrinks: 10 },
    board: { orders: [] },
  })
})

test.each([
  '{ orders(first: 1) { nodes { id } } }',
  '{ order(number: "1234") { id } }',
  '{ calls(first: 1) { nodes { id } } }',
  '{ call(id: "CA1") { id } }',
  '{ cart(call: "CA1") { ok } }',
  'mutation { startCall(input: { callSid: "CA1" }) { id } }',
  'mutation { addToCart(call: "CA1", request: "1", drink: { flavor: "taro" }) { ok } }',
  'mutation { checkoutOrder(call: "CA1", request: "1") { ok } }',
  'mutation { markOrderReady(id: "ord_1") { __typename } }',
  'mutation { pauseOrdering(paused: true) { id } }',
  'mutation { setAvailability(item: "item_1", available: false) { __typename } }',
  'mutation { placeOrder(idempotencyKey: "1", input: { drinks: [], phone: "1" }) { __typename } }',
])('nobody in particular may not: %s', async query => {
  const { data, errors } = await api.ask(query)
  expect(data && Object.values(data).every(value => value === null)).not.toBe(false)
  expect(errors![0]!.extensions).toMatchObject({ code: 'UNAUTHENTICATED', requestId: expect.any(String) })
})

describe('signing in', () => {
  test('by the PIN opens a session in a cookie no script and no other site can use', async () => {
    const { data, headers } = await api.ask<SignIn>(signIn, { pin: staffPin })
    expect(data.signIn).toMatchObject({
      __typename: 'SignedIn',
      viewer: { kind: 'STAFF', scopes: expect.arrayContaining(['orders:write', 'orders:pii']) },
    })
    const cookie = headers.get('Set-Cookie')!
    expect(cookie).toMatch(/^boba_session=[\w-]{43};/)
    expect(cookie.toLowerCase()).toContain('httponly')
    expect(cookie.toLowerCase()).toContain('samesite=strict')
    expect(await kindOf(cookie.split(';')[0])).toBe('STAFF')
    const [session] = await api.orm.em.fork().findAll(StaffSession)
    expect(cookie).not.toContain(session!.hash)
  })

  test('by a wrong PIN does not, and ten of them are slowed down', async () => {
    const answers = []
    for (let i = 0; i < 10; i += 1) {
      answers.push((await api.ask<SignIn>(signIn, { pin: `00000${i}` })).data.signIn)
    }
    expect(answers[0]).toMatchObject({ __typename: 'SignInRefused', code: 'WRONG_PIN', retryAfter: 0 })
    const last = answers.at(-1)!
    expect(last).toMatchObject({ code: 'TOO_MANY_ATTEMPTS', path: ['pin'] })
    expect(last.retryAfter).toBeGreaterThan(0)
    expect(last.message).toContain(`${last.retryAfter} seconds`)
    expect((await api.ask<SignIn>(signIn, { pin: staffPin })).data.signIn.code).toBe('TOO_MANY_ATTEMPTS')
  })

  test('may be tried by others meanwhile, as far as a proxy of ours tells them apart', async () => {
    const proxied = await startApi({ env: { TRUST_PROXY: 'loopback' } })
    const tryPin = async (pin: string, forwarded: string) => {
      const response = await fetch(`${proxied.url}/graphql`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-Forwarded-For': forwarded },
        body: JSON.stringify({ query: signIn, variables: { pin } }),
      })
      const { data } = (await response.json()) as { data: SignIn }
      return data.signIn.code ?? data.signIn.__typename
    }
    // What a client itself claims to be forwarded for does not make it somebody else.
    for (let i = 0; i < 6; i += 1) await tryPin(`00000${i}`, `192.0.2.${i}, 198.51.100.1`)
    expect(await tryPin(staffPin, '198.51.100.1')).toBe('TOO_MANY_ATTEMPTS')
    expect(await tryPin(staffPin, '198.51.100.2')).toBe('SignedIn')
    await proxied.close()
  })

  test('ends by signing out', async () => {
    const cookie = await api.signIn()
    const { headers } = await api.ask('mutation { signOut }', {}, cookie)
    expect(headers.get('Set-Cookie')).toMatch(/^boba_session=;/)
    expect(await kindOf(cookie)).toBe('ANYONE')
  })

  test('ends by itself', async () => {
    const cookie = await api.signIn()
    await api.orm.em.fork().nativeUpdate(StaffSession, {}, { expiresAt: new Date(Date.now() - 1) })
    expect(await kindOf(cookie)).toBe('ANYONE')
  })

  test('a made-up session is nobody', async () => {
    expect(await kindOf('boba_session=made-up')).toBe('ANYONE')
  })
})

describe('the console’s cookie', () => {
  test.each(['https://evil.example.com', 'null', 'http://127.0.0.1:1'])(
    'is worth nothing at %s',
    async origin => {
      const { data } = await fromPage(origin, '{ me { kind } }', await api.signIn())
      expect(data).toEqual({ me: { kind: 'ANYONE' } })
      const { errors } = await fromPage(origin, `mutation { signIn(pin: "${staffPin}") { __typename } }`)
      expect(errors![0]!.extensions.code).toBe('FORBIDDEN')
    },
  )

  test('stays on https when it was fetched by https, and only then', async () => {
    const signInAt = async (origin: string) =>
      (await fromPage(origin, `mutation { signIn(pin: "${staffPin}") { __typename } }`)).headers.get(
        'Set-Cookie',
      )
    expect(await signInAt('https://boba.example.com')).toMatch(/^boba_session=[\w-]{43};.*; secure/)
    const near = await signInAt(new URL(api.url).origin)
    expect(near).toMatch(/^boba_session=[\w-]{43};/)
    expect(near).not.toMatch(/secure/)
  })

  test('works on the shop’s own pages and at its public address', async () => {
    const cookie = await api.signIn()
    for (const origin of [new URL(api.url).origin, 'https://boba.example.com']) {
      expect((await fromPage(origin, '{ me { kind } }', cookie)).data).toEqual({ me: { kind: 'STAFF' } })
    }
  })
})
