import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startApi, type TestApi } from '../support/api.ts'

let folder: string
let api: TestApi
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boba-screens-'))
  await mkdir(join(folder, 'board/assets'), { recursive: true })
  await writeFile(join(folder, 'board/index.html'), '<title>Board</title>')
  await writeFile(join(folder, 'board/assets/main-1a2b.js'), 'export {}')
  await mkdir(join(folder, 'explorer/assets'), { recursive: true })
  await writeFile(join(folder, 'explorer/index.html'), '<title>GraphQL</title>')
  await writeFile(join(folder, 'explorer/assets/main-1a2b.js'), 'export {}')
  await writeFile(join(folder, 'secret.txt'), 'secret')
  api = await startApi({ env: { SCREENS_FOLDER: folder } })
})
afterAll(async () => {
  await api.close()
  await rm(folder, { recursive: true })
})

const get = (path: string) => fetch(`${api.url}${path}`, { redirect: 'manual' })

test('a built screen is served, with a policy that lets it talk to its own server only', async () => {
  const page = await get('/board/')
  expect(page.status).toBe(200)
  expect(await page.text()).toContain('<title>Board</title>')
  expect(page.headers.get('Cache-Control')).toBe('no-cache')
  expect(page.headers.get('Content-Security-Policy')).toContain("default-src 'self'")
  expect(page.headers.get('Content-Security-Policy')).not.toContain('unsafe-inline')
  expect(page.headers.get('X-Content-Type-Options')).toBe('nosniff')
  const script = await get('/board/assets/main-1a2b.js')
  expect(script.headers.get('Content-Type')).toContain('javascript')
  expect(script.headers.get('Cache-Control')).toContain('immutable')
})

test.each([
  ['/', '/board/'],
  ['/board', '/board/'],
  ['/barista', '/barista/'],
  ['/explorer', '/graphql'],
  ['/explorer/', '/graphql'],
])('%s leads to %s', async (from, to) => {
  const response = await get(from)
  expect(response.status).toBe(302)
  expect(response.headers.get('Location')).toBe(to)
})

test('a screen that is not built says how to build it', async () => {
  const response = await get('/barista/')
  expect(response.status).toBe(404)
  expect(await response.text()).toContain('npm run build')
})

test.each([
  '/board/none.js',
  '/explorer/none.js',
  '/explorer/..%2fsecret.txt',
  '/secret.txt',
  '/board/..%2fsecret.txt',
  '/board/%2e%2e/secret.txt',
  '/other/',
])('%s is not there', async path => {
  expect((await get(path)).status).toBe(404)
})

describe('/graphql', () => {
  const ask = (accept: string, init: RequestInit = {}, query = '') =>
    fetch(`${api.url}/graphql${query}`, { ...init, headers: { Accept: accept, ...init.headers } })
  const browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8'

  test('shows a browser the explorer, which talks to its own server only and stands in no other page', async () => {
    for (const query of ['', '?query={menu{maxDrinks}}']) {
      const page = await ask(browser, {}, query)
      expect(page.status).toBe(200)
      expect(await page.text()).toContain('<title>GraphQL</title>')
      expect(page.headers.get('Content-Type')).toContain('text/html')
      expect(page.headers.get('Vary')).toContain('Accept')
      expect(page.headers.get('Cache-Control')).toBe('no-cache')
      expect(page.headers.get('X-Content-Type-Options')).toBe('nosniff')
      const policy = page.headers.get('Content-Security-Policy')!
      for (const rule of [
        "default-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "frame-ancestors 'none'",
      ]) {
        expect(policy).toContain(rule)
      }
      expect(policy).not.toMatch(/script-src|unsafe-eval|https?:|\*/)
    }
    expect((await ask(browser, { method: 'HEAD' })).headers.get('Content-Type')).toContain('text/html')
    const script = await get('/explorer/assets/main-1a2b.js')
    expect(script.headers.get('Cache-Control')).toContain('immutable')
    expect(script.headers.get('Content-Security-Policy')).toContain("default-src 'self'")
  })

  test.each(['*/*', 'application/json', 'application/graphql-response+json, text/html;q=0.9'])(
    'answers programs as ever: Accept %s',
    async accept => {
      const answer = await ask(accept, {}, '?query={menu{maxDrinks}}')
      expect(answer.headers.get('Content-Type')).toMatch(/json/)
      expect(await answer.json()).toMatchObject({ data: { menu: { maxDrinks: 10 } } })
      expect(await (await ask(accept)).json()).toMatchObject({
        errors: [{ extensions: { code: 'BAD_REQUEST' } }],
      })
    },
  )

  test('answers a POST as ever, whatever it accepts', async () => {
    const post = {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{"query":"{menu{maxDrinks}}"}',
    }
    expect((await ask(browser, post)).headers.get('Content-Type')).toMatch(/json/)
  })
})

test('an explorer that is not built says how to build it', async () => {
  const bare = await startApi({ env: { SCREENS_FOLDER: join(folder, 'none') } })
  const page = await fetch(`${bare.url}/graphql`, { headers: { Accept: 'text/html' } })
  expect(page.status).toBe(404)
  expect(await page.text()).toContain('npm run build')
  await bare.close()
})
