import { afterAll, beforeAll, expect, test } from 'vitest'
import { startApi, type TestApi } from '../support/api.ts'

const known = 'https://app.example.com'
let api: TestApi
beforeAll(async () => {
  api = await startApi({ env: { CORS_ORIGINS: `${known}, https://other.example.com:8443` } })
})
afterAll(() => api.close())

const ask = (method: string, headers: Record<string, string>, path = '/graphql') =>
  fetch(`${api.url}${path}`, {
    method,
    headers,
    ...(method === 'POST' && { body: '{"query":"{ me { kind } }"}' }),
  })
const json = { 'Content-Type': 'application/json' }

test('pages of a known origin may ask with a key, and are never signed in by the cookie', async () => {
  const preflight = await ask('OPTIONS', {
    Origin: known,
    'Access-Control-Request-Method': 'POST',
    'Access-Control-Request-Headers': 'authorization,content-type',
  })
  expect(preflight.status).toBe(204)
  expect(Object.fromEntries(preflight.headers)).toMatchObject({
    'access-control-allow-origin': known,
    'access-control-allow-methods': 'GET,POST',
    'access-control-allow-headers': 'Authorization,Content-Type,Last-Event-ID',
    vary: expect.stringContaining('Origin'),
  })
  expect(preflight.headers.has('Access-Control-Allow-Credentials')).toBe(false)

  const Authorization = `Bearer ${await api.key('orders:read')}`
  const answer = await ask('POST', { ...json, Origin: known, Authorization })
  expect(answer.headers.get('Access-Control-Allow-Origin')).toBe(known)
  expect(answer.headers.get('Cache-Control')).toBe('no-store')
  expect(answer.headers.get('Vary')).toMatch(/Accept.*Origin|Origin.*Accept/)
  expect(answer.headers.get('Access-Control-Expose-Headers')).toContain(
    'RateLimit-Remaining,RateLimit-Reset,Retry-After',
  )
  expect(await answer.json()).toMatchObject({ data: { me: { kind: 'API_KEY' } } })
  const signedIn = await ask('POST', { ...json, Origin: known, Cookie: await api.signIn() })
  expect(await signedIn.json()).toMatchObject({ data: { me: { kind: 'ANYONE' } } })
})

test.each(['https://elsewhere.example.com', 'null', `${known}.evil.example`, 'http://app.example.com'])(
  'pages of %s are not let in',
  async Origin => {
    const preflight = await ask('OPTIONS', { Origin, 'Access-Control-Request-Method': 'POST' })
    const answer = await ask('POST', { ...json, Origin })
    for (const { headers } of [preflight, answer]) {
      expect([...headers.keys()].filter(name => name.startsWith('access-control-allow'))).toEqual([])
    }
  },
)

test('a page of another origin is told what opens the shop to it', async () => {
  const response = await ask('OPTIONS', { Origin: 'https://other.example' })
  expect(response.headers.has('Access-Control-Allow-Origin')).toBe(false)
  expect(await response.text()).toContain('CORS_ORIGINS')
})

test('nothing but /graphql is for other pages', async () => {
  for (const path of ['/healthz', '/metrics', '/board/']) {
    expect((await ask('GET', { Origin: known }, path)).headers.has('Access-Control-Allow-Origin')).toBe(false)
  }
})
