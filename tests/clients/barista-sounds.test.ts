import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startBrowser } from '../support/browser.ts'
import { phoneCall } from '../support/phone-call.ts'
import { Ears, gone, staff, ticket } from './console.ts'
import { integrator } from './orders.ts'
import { openConsole, startShop } from './screen.ts'

let browser: Browser
beforeAll(async () => {
  browser = await startBrowser()
})
afterAll(() => browser.close())

/** Time that is put forward passes without beats, so the console rings for its connection, too. */
const heard = async (ears: Ears) => (await ears.heard()).filter(tune => tune !== 'lost')

test('what is new, changed or cancelled has its own sound, again every 10 s until somebody has seen it', async () => {
  const api = await startShop()
  const ears = new Ears()
  const page = await openConsole(browser, api, { prepare: page => ears.prepare(page) })
  await page.getByText('Nothing to make.').waitFor()
  const act = await staff(api)

  const call = await phoneCall(api, await api.key('calls:write'))
  await call.run('addToCart', { drink: { flavor: 'taro' } })
  const { orderNumber } = await call.run('checkoutOrder', { phone: '555-123-4567' })
  const order = { id: '', number: orderNumber }
  await expect.poll(() => heard(ears)).toEqual(['new'])
  await page.clock.runFor(10_500)
  await expect.poll(() => heard(ears)).toEqual(['new', 'new'])
  await ticket(page, order).getByRole('heading').click()
  await gone(ticket(page, order).getByText('★ New'))
  await page.clock.runFor(21_000)
  expect(await heard(ears), 'seen, so it is quiet').toEqual(['new', 'new'])

  await ears.forget()
  await call.run('addToCart', { drink: { flavor: 'black' } })
  await call.run('checkoutOrder', { phone: '555-123-4567' })
  await ticket(page, order).getByText('★ Changed').waitFor()
  await expect.poll(() => heard(ears)).toEqual(['changed'])
  await ticket(page, order).getByRole('heading').click()
  await gone(ticket(page, order).getByText('★ Changed'))

  await ears.forget()
  const { place } = await integrator(api)
  const other = await place()
  await expect.poll(() => heard(ears)).toEqual(['new'])
  await page.clock.runFor(2_000)
  await act(`cancelOrder(id: "${other.id}")`)
  await ticket(page, other).getByText('Do not make it.').waitFor()
  await expect.poll(() => heard(ears)).toEqual(['new', 'cancelled'])
  await page.clock.runFor(10_500)
  await expect.poll(() => heard(ears)).toEqual(['new', 'cancelled', 'cancelled'])
  await ticket(page, other).getByRole('button', { name: 'OK, seen' }).click()
  await page.clock.runFor(21_000)
  expect(await heard(ears)).toEqual(['new', 'cancelled', 'cancelled'])
})

test('a browser that blocks sound is said so across the whole screen, until it works', async () => {
  const api = await startShop()
  const { place } = await integrator(api)
  const first = await openConsole(browser, api)
  const cookies = await first.context().cookies()
  const ears = new Ears(true)
  await place()
  const context = first.context()
  const page = await context.newPage()
  await ears.prepare(page)
  await page.goto(`${api.url}/barista/`)
  expect(cookies).toHaveLength(1)
  const button = page.getByRole('button', { name: 'Turn sound on' })
  await button.waitFor()
  const { width } = (await button.boundingBox())!
  expect(width).toBeGreaterThan((await page.evaluate(() => innerWidth)) * 0.9)
  expect(await ears.heard()).toEqual([])
  await button.click()
  await gone(button)
  await page.getByRole('button', { name: 'Settings' }).click()
  for (const name of ['New order', 'Changed', 'Cancelled', 'Not connected']) {
    await page.getByRole('button', { name }).click()
  }
  await expect.poll(() => ears.heard()).toEqual(['new', 'changed', 'cancelled', 'lost'])
})

test('sounds are muted and made louder for this device, and stay so', async () => {
  const api = await startShop()
  const { place } = await integrator(api)
  const ears = new Ears()
  const page = await openConsole(browser, api, { prepare: page => ears.prepare(page) })
  await page.getByRole('button', { name: 'Sound' }).click()
  await page.getByRole('button', { name: 'Muted' }).waitFor()
  await page.reload()
  await page.getByRole('button', { name: 'Muted' }).waitFor()
  const order = await place()
  await ticket(page, order).waitFor()
  await page.clock.runFor(10_500)
  expect(await heard(ears)).toEqual([])
  await page.keyboard.press('m')
  await page.getByRole('button', { name: 'Sound' }).waitFor()
  await page.clock.runFor(10_500)
  await expect.poll(() => heard(ears)).toEqual(['new'])
})
