import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startApi, type TestApi } from '../support/api.ts'

let folder: string
let api: TestApi
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boba-screens-'))
  await mkdir(join(folder, 'board/assets'), { recursive: true })
  await writeFile(join(folder, 'board/index.html'), '<title>Board</title>')
  await writeFile(join(folder, 'board/assets/main-1a2b.js'), 'export {}')
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

test.each(['/board/none.js', '/secret.txt', '/board/..%2fsecret.txt', '/board/%2e%2e/secret.txt', '/other/'])(
  '%s is not there',
  async path => {
    expect((await get(path)).status).toBe(404)
  },
)
