import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { Scope } from '../../api/auth/scopes.ts'
import { prepared } from '../../clients/explorer/src/prepared.ts'
import { bySocket } from '../support/roads.ts'
import { freePort } from '../support/free-port.ts'
import { startBrowser } from '../support/browser.ts'
import { startProxy } from '../support/proxy.ts'
import type { TestApi } from '../support/api.ts'
import { expectAccessible } from './accessible.ts'
import { keepPicture, overflow } from './looks.ts'
import { integrator } from './orders.ts'
import { openScreen, type ScreenOptions, startShop } from './screen.ts'

let browser: Browser
beforeAll(async () => {
  browser = await startBrowser()
})
afterAll(() => browser.close())

/** Opens the explorer as a browser does that is sent to the api's address. */
async function openExplorer(api: TestApi, options: ScreenOptions = {}): Promise<Page> {
  const page = await openScreen(browser, `${api.url}/graphql`, {
    viewport: { width: 1280, height: 800 },
    realTime: true,
    ...options,
  })
  await page.getByRole('button', { name: /^Execute query/ }).waitFor()
  await page.locator('.graphiql-query-editor .monaco-editor').waitFor()
  return page
}

const run = (page: Page) => page.getByRole('button', { name: /^Execute query/ }).click()

/** What stands in an editor: the lines that are in sight. */
const shown = async (page: Page, editor: string) =>
  (await page.locator(`${editor} .view-line`).allInnerTexts()).join('\n').replaceAll('\u00a0', ' ')

const response = (page: Page) => shown(page, '.graphiql-response')

const open = (page: Page, title: string) => page.getByRole('button', { name: title }).click()

/** Types into one of the editors in place of what stands there. */
async function write(page: Page, editor: string, text: string): Promise<void> {
  await page.locator(`${editor} .monaco-editor`).filter({ visible: true }).click()
  await page.keyboard.press('ControlOrMeta+A')
  await page.keyboard.insertText(text)
}

const writeHeaders = async (page: Page, text: string) => {
  await page.getByRole('button', { name: 'Headers', exact: true }).click()
  await write(page, '.graphiql-editor-tool', text)
}

/** All that the page leaves behind in the browser, and its address. */
const leftBehind = (page: Page) =>
  page.evaluate(() =>
    JSON.stringify([{ ...localStorage }, { ...sessionStorage }, location.href, document.cookie]),
  )

test('what anyone may read is asked for with one click, and the page says how to read more', async () => {
  const api = await startShop()
  const page = await openExplorer(api)
  expect(await page.title()).toBe('GraphQL · BobaRista')
  await page.getByText('Without a key the menu and the board answer').waitFor()
  await page.getByText('npm run api-key -- create').waitFor()
  await run(page)
  await expect.poll(() => response(page)).toContain('"taro milk tea"')
  expect(await overflow(page)).toBe(0)
  await page.getByRole('button', { name: 'Show Documentation' }).click()
  await page.getByRole('link', { name: 'Subscription', exact: true }).waitFor()
})

test('a key in the headers answers what it may read, and is kept nowhere', async () => {
  const api = await startShop()
  const { place } = await integrator(api)
  const { number } = await place()
  const key = await api.key('orders:read')
  const asked: string[] = []
  const page = await openExplorer(api, {
    prepare: page => page.on('request', each => asked.push(each.url())),
  })
  await open(page, 'A page of orders')
  await writeHeaders(page, `{ "Authorization": "Bearer ${key}" }`)
  await page.getByText('You ask as Test: orders:read.').waitFor()
  await run(page)
  await expect.poll(() => response(page)).toContain(`"number": "${number}"`)
  await open(page, 'Who am I?')
  // GraphiQL writes down what it keeps a while later.
  await expect.poll(() => leftBehind(page)).toContain('query WhoAmI')
  expect(await leftBehind(page)).toContain('query Orders')
  expect(await leftBehind(page)).not.toContain(key)
  expect(asked.join()).not.toContain(key)
  await page.reload()
  await page.getByText('Without a key the menu and the board answer').waitFor()
})

test('a key in its field counts for every query, and a wrong one is refused in a sentence', async () => {
  const api = await startShop()
  const page = await openExplorer(api, { refused: true })
  const field = page.getByLabel('API key')
  await field.fill('boba_wrong')
  await page.getByRole('status').getByText('This API key is wrong, was replaced or was revoked.').waitFor()
  expect(await response(page)).not.toContain('UNAUTHENTICATED')
  const key = await api.key('orders:write')
  await field.fill(key)
  await page.getByText('You ask as Test: orders:write.').waitFor()
  await open(page, 'Place an order')
  await run(page)
  await expect.poll(() => response(page)).toContain('"summary": "one taro milk tea')
  const { data } = await api.ask<{ board: { orders: unknown[] } }>('{ board { orders { number } } }')
  expect(data.board.orders).toEqual([])
  await expect.poll(() => leftBehind(page)).toContain('mutation PlaceOrder')
  expect(await leftBehind(page)).not.toContain(key)
})

test('a subscription shows all that happens after it was begun, also while its link was broken', async () => {
  const api = await startShop()
  const { place, move } = await integrator(api)
  const proxy = await startProxy(api.url)
  onTestFinished(() => proxy.close())
  const page = await openExplorer({ ...api, url: proxy.url }, { losesApi: true })
  await page.getByLabel('API key').fill(await api.key('orders:read'))
  await page.getByText('You ask as Test').waitFor()
  await open(page, 'Watch what happens, live')
  await run(page)
  await expect.poll(() => response(page)).toContain('HEARTBEAT')
  const order = await place()
  await move(order, 'startOrder')
  await expect.poll(() => response(page)).toMatch(/HEARTBEAT[^]+ORDER_STATUS_CHANGED/)
  expect(await response(page)).toContain(`"number": "${order.number}"`)
  proxy.cut()
  const missed = await place()
  proxy.mend()
  await expect.poll(() => response(page), { timeout: 15_000 }).toContain(`"number": "${missed.number}"`)
  await page.getByRole('button', { name: /^Stop/ }).click()
})

test('where only those with a key may read the schema, the page says so, and shows it to them', async () => {
  const api = await startShop({ server: { introspection: false } })
  const page = await openExplorer(api)
  await page.getByText('This shop tells its schema only to those with a key').waitFor()
  expect(await response(page)).not.toContain('INTROSPECTION_DISABLED')
  await page.getByRole('button', { name: 'Show Documentation' }).click()
  await page.getByText('The documentation appears here as soon as a key is entered').waitFor()
  await page.getByLabel('API key').fill(await api.key('menu:read'))
  await page.getByRole('link', { name: 'Subscription', exact: true }).waitFor()
  expect(await page.getByText('This shop tells its schema only').count()).toBe(0)
})

test('its own parts are accessible, in both themes, which it changes with the system', async () => {
  const api = await startShop()
  const page = await openExplorer(api)
  await run(page)
  await expect.poll(() => response(page)).toContain('"taro milk tea"')
  // GraphiQL's own: a tab that holds the button which closes it, and the code editor.
  await expectAccessible(page, { exclude: ['.graphiql-tab', '.monaco-editor'] })
  const color = () =>
    page
      .locator('.graphiql-query-editor .view-line span span')
      .first()
      .evaluate(word => getComputedStyle(word).color)
  const dark = await color()
  await keepPicture(page, 'explorer-dark')
  await page.emulateMedia({ colorScheme: 'light' })
  await expect.poll(color).not.toBe(dark)
  await keepPicture(page, 'explorer')
})
test.each(prepared)('$title can be sent as it stands, with the scopes it names', async each => {
  const api = await startShop({ env: { VOICE_PORT: String(await freePort()) } })
  const { query, variables, scopes } = each
  const key = scopes.length ? await api.key(...(scopes as Scope[])) : undefined
  const errors = query.includes('subscription')
    ? await bySocket(api, query, key)
    : (await api.ask(query, { ...variables }, key)).errors
  expect(errors ?? []).toEqual([])
})
