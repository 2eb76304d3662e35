import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TestApi } from '../support/api.ts'
import { startBrowser } from '../support/browser.ts'
import { newId, phoneCall } from '../support/phone-call.ts'
import { expectAccessible } from './accessible.ts'
import { overflow } from './looks.ts'
import { consoleWith, openPanel } from './panels.ts'
import { openConsole, startShop } from './screen.ts'

let browser: Browser
beforeAll(async () => {
  browser = await startBrowser()
})
afterAll(() => browser.close())

const strip = (page: Page) => page.getByRole('region', { name: 'Sold out and paused' })

/** What another program is told that orders taro with boba; nothing when it has its order. */
async function refusal(api: TestApi): Promise<string | undefined> {
  const { data } = await api.ask<{ result: { code?: string } }>(
    `mutation ($key: String!) {
      result: placeOrder(
        input: { drinks: [{ flavor: "taro", toppings: ["boba"] }], phone: "555-123-4567" }
        idempotencyKey: $key
      ) { ... on PlaceOrderRefused { code } }
    }`,
    { key: newId('order') },
    await api.key('orders:write'),
  )
  return data.result.code
}

/** Minutes until something is over, as the api tells it; null when somebody has to lift it. */
async function lasts(api: TestApi, field: 'soldOutUntil' | 'pausedUntil' | 'delayedUntil') {
  const { data } = await api.ask<{
    menu: { shop: Record<string, string | null>; items: { name: string; soldOutUntil: string | null }[] }
  }>('{ menu { shop { pausedUntil delayedUntil } items { name soldOutUntil } } }')
  const { shop, items } = data.menu
  const until =
    field === 'soldOutUntil' ? items.find(({ name }) => name === 'boba')!.soldOutUntil : shop[field]
  return until ? Math.round((Date.parse(until) - Date.now()) / 60_000) : null
}

test('what sells out at the second tap is refused on the phone and to programs at once, until it is put back', async () => {
  const api = await startShop()
  const call = await phoneCall(api, await api.key('calls:write'))
  const add = () => call.run('addToCart', { drink: { flavor: 'taro', toppings: ['boba'] } })
  expect(await add()).toMatchObject({ ok: true })
  const page = await openConsole(browser, api)
  expect(await strip(page).count()).toBe(0)

  const panel = await openPanel(page, 'Sold out')
  await panel.getByRole('button', { name: 'boba: sold out, 1 h', exact: true }).click()
  const row = panel.getByRole('listitem').filter({ has: page.getByText('boba', { exact: true }) })
  await row.getByText(/Sold out until (tomorrow )?\d+:\d\d [AP]M/).waitFor()
  expect(await lasts(api, 'soldOutUntil')).toBe(60)
  const refused = await add()
  expect(refused.ok).toBe(false)
  expect(refused.error).toContain('boba')
  expect(await refusal(api)).toBe('SOLD_OUT')
  await expectAccessible(page, 'dialog')

  await page.keyboard.press('Escape')
  await panel.waitFor({ state: 'detached' })
  await expect
    .poll(() =>
      page
        .getByRole('button', { name: 'Sold out', exact: true })
        .evaluate(button => button === document.activeElement),
    )
    .toBe(true)
  const other = await openConsole(browser, api, { viewport: { width: 800, height: 1280 } })
  await strip(other)
    .getByText(/boba is sold out until/)
    .waitFor()
  expect((await strip(other).boundingBox())!.height, 'one line on a tablet').toBeLessThan(90)
  await strip(page)
    .getByText(/boba is sold out until/)
    .waitFor()
  await strip(page).getByRole('button', { name: 'Put back boba' }).click()
  for (const each of [page, other]) await strip(each).waitFor({ state: 'detached' })
  expect(await add()).toMatchObject({ ok: true })
  expect(await refusal(api)).toBeUndefined()
})

test('paused and delayed for a time or until lifted: callers and programs are told, the strip shows it, one tap lifts it', async () => {
  const api = await startShop()
  const call = await phoneCall(api, await api.key('calls:write'))
  await call.run('addToCart', { drink: { flavor: 'taro' } })
  await call.run('confirmPendingToCart')
  const { page, panel } = await consoleWith(browser, api, 'Sold out', {
    viewport: { width: 390, height: 844 },
  })
  expect(await overflow(page)).toBeLessThanOrEqual(0)

  await panel.getByRole('button', { name: 'Pause ordering, 15 min' }).click()
  await panel.getByText(/Ordering is paused until/).waitFor()
  expect(await lasts(api, 'pausedUntil')).toBe(15)
  expect(await refusal(api)).toBe('ORDERING_PAUSED')
  expect((await call.run('checkoutOrder', { phone: '555-123-4567' })).ok).toBe(false)
  await panel.getByRole('button', { name: 'Resume ordering' }).click()
  await panel.getByText('Orders are taken').waitFor()
  expect(await refusal(api)).toBeUndefined()

  await panel.getByRole('button', { name: 'Add 10 minutes to every wait' }).click()
  await panel.getByText(/\+10 min on every wait until \S*\d/).waitFor()
  expect(await lasts(api, 'delayedUntil')).toBe(60)
  await panel.getByRole('radio', { name: 'Until lifted' }).check()
  await panel.getByRole('button', { name: 'Add 30 minutes to every wait' }).click()
  await panel.getByText('+30 min on every wait until lifted').waitFor()
  expect(await lasts(api, 'delayedUntil')).toBe(null)
  await panel.getByRole('button', { name: 'Pause ordering, Until resumed' }).click()
  await panel.getByText('Ordering is paused until resumed').waitFor()
  await panel.getByRole('button', { name: 'vanilla cream: sold out, Until put back' }).click()
  await panel.getByText('Sold out until put back').waitFor()
  await expectAccessible(page, 'dialog')

  await panel.getByRole('button', { name: 'Close' }).click()
  await strip(page).getByText('Ordering is paused until resumed').waitFor()
  expect(await overflow(page)).toBeLessThanOrEqual(0)
  await expectAccessible(page, '.strip')
  for (const button of ['Resume ordering', 'No delay', 'Put back vanilla cream']) {
    await strip(page).getByRole('button', { name: button }).click()
    await strip(page).getByRole('button', { name: button }).waitFor({ state: 'detached' })
  }
  expect(await refusal(api)).toBeUndefined()
})

test('shows what the server says, never what was hoped for', async () => {
  const api = await startShop()
  const { page, panel } = await consoleWith(browser, api, 'Sold out', { losesApi: true })
  const button = panel.getByRole('button', { name: 'taro milk tea: sold out, Today' })
  await button.waitFor()
  await page.route('**/graphql', route => route.abort())
  await button.click()
  await panel.getByRole('alert').getByText('The server did not answer').waitFor()
  expect(await button.isVisible()).toBe(true)
  expect(await refusal(api)).toBeUndefined()

  await page.unroute('**/graphql')
  await button.click()
  await panel.getByText(/Sold out until (tomorrow )?4:00 AM/).waitFor()
  await expect.poll(() => panel.getByRole('alert').count()).toBe(0)

  // Somebody else puts it back, and the panel sees that.
  await api.ask(
    `mutation ($item: ID!) { setAvailability(item: $item, available: true) { __typename } }`,
    { item: await itemOf(api, 'taro milk tea') },
    await api.signIn(),
  )
  await page.clock.fastForward(5_000)
  await button.waitFor()
})

async function itemOf(api: TestApi, name: string): Promise<string> {
  const { data } = await api.ask<{ menu: { items: { id: string; name: string }[] } }>(
    '{ menu { items { id name } } }',
  )
  return data.menu.items.find(item => item.name === name)!.id
}
