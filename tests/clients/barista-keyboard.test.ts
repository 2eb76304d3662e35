import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startBrowser } from '../support/browser.ts'
import { cup, cupsOf, gone, press, ready, stateOf, ticket, toMake } from './console.ts'
import { integrator, type Placed, taro } from './orders.ts'
import { minutesAgo, openConsole, passTime, startShop } from './screen.ts'

let browser: Browser
beforeAll(async () => {
  browser = await startBrowser()
})
afterAll(() => browser.close())

/** Types as a scanner does: fast, then Enter. */
async function scan(page: Page, code: string): Promise<void> {
  await page.keyboard.type(code)
  await page.keyboard.press('Enter')
}
const hasFocus = (page: Page, order: Placed) =>
  ticket(page, order).evaluate(article => article === document.activeElement)

test('a scanner, or whoever types a number, does the next thing with an order or ticks one of its cups', async () => {
  const api = await startShop({ env: { READY_HOLD_SECONDS: '60' } })
  const { place } = await integrator(api)
  const order = await place({ drinks: [taro, taro] })
  const page = await openConsole(browser, api)
  await ticket(page, order).waitFor()
  const typed = page.locator('.typed')
  await page.keyboard.type('99')
  await expect.poll(() => typed.innerText()).toContain('99')
  await page.keyboard.press('Backspace')
  await page.keyboard.press('Escape')
  await expect.poll(() => typed.innerText()).not.toContain('9')

  await scan(page, `${order.number}-2`)
  await expect.poll(() => cupsOf(api, order)).toEqual([false, true])
  // Until the console has its answer, the same again is taken for a double scan.
  await cup(page, order, 2).getByText('done').waitFor()
  await scan(page, `${order.number}-2`)
  await expect.poll(() => cupsOf(api, order)).toEqual([false, false])
  await scan(page, `${order.number}-3`)
  await page.getByText(`Order ${order.number} has no cup 3; it has 2.`).waitFor()
  await scan(page, '0000')
  await page.getByText('There is no open order 0000.').waitFor()

  await scan(page, order.number)
  await page.getByRole('button', { name: `Undo, order ${order.number}` }).waitFor()
  await scan(page, order.number)
  await page.getByText(`Order ${order.number} was done just now.`).waitFor()
  await expect.poll(() => stateOf(api, order)).toMatchObject({ status: 'READY' })
  await passTime(page, 61_000)
  await ready(page)
    .getByRole('article', { name: `Order ${order.number}` })
    .waitFor()
  await scan(page, order.number)
  await gone(ticket(page, order))
  await expect.poll(() => stateOf(api, order)).toMatchObject({ status: 'PICKED_UP' })
})

test('arrows go from ticket to ticket, Enter does what is next, and the focus is not lost', async () => {
  const api = await startShop()
  const { place } = await integrator(api)
  const orders: Placed[] = []
  for (let nth = 0; nth < 5; nth += 1) orders.push(await minutesAgo(9 - nth, () => place()))
  const [first, second, third, fourth] = orders as [Placed, Placed, Placed, Placed]
  const page = await openConsole(browser, api, { viewport: { width: 1366, height: 768 } })
  await ticket(page, fourth).waitFor()
  await page.keyboard.press('ArrowRight')
  await expect.poll(() => hasFocus(page, first)).toBe(true)
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('ArrowLeft')
  await page.keyboard.press('ArrowDown')
  await expect.poll(() => hasFocus(page, fourth), { message: 'the next row, same column' }).toBe(true)
  await page.keyboard.press('ArrowUp')
  await expect.poll(() => hasFocus(page, first)).toBe(true)

  await page.keyboard.press('Enter')
  await gone(ticket(page, first).getByText('★ New'))
  expect(await stateOf(api, first), 'a new one is looked at first').toMatchObject({ status: 'RECEIVED' })
  await page.keyboard.press('Enter')
  await ready(page)
    .getByRole('article', { name: `Order ${first.number}` })
    .waitFor()
  await expect.poll(() => hasFocus(page, second), { message: 'the one in its place' }).toBe(true)

  await page.getByRole('button', { name: `Start order ${second.number}` }).focus()
  await page.keyboard.press('Enter')
  await ticket(page, second).getByText('being made', { exact: true }).waitFor()
  await expect.poll(() => hasFocus(page, second), { message: 'its button is gone, it is not' }).toBe(true)

  await press(page, 'Cancel', third)
  await page.getByRole('dialog').getByRole('radio', { name: 'Ordered by mistake' }).check()
  await page.keyboard.press('Enter')
  await gone(ticket(page, third))
  await expect.poll(() => hasFocus(page, fourth)).toBe(true)
  const last = orders[4]!
  for (const order of [second, fourth, last]) {
    await page.getByRole('button', { name: `Done, order ${order.number}` }).focus()
    await page.keyboard.press('Enter')
    await gone(toMake(page).getByRole('article', { name: `Order ${order.number}` }))
  }
  const heading = toMake(page).getByRole('heading', { level: 2 })
  await expect.poll(() => heading.evaluate(element => element === document.activeElement)).toBe(true)
})

test('who presses Enter twice is not kept waiting by a slow answer that the order was seen', async () => {
  const api = await startShop()
  const { place } = await integrator(api)
  const order = await place()
  const page = await openConsole(browser, api)
  await ticket(page, order).waitFor()
  const asked = Promise.withResolvers<void>()
  await page.route('**/graphql', route => {
    // It is never answered.
    if (route.request().postData()?.includes('markOrderSeen')) asked.resolve()
    else void route.continue()
  })
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Enter')
  await asked.promise
  await page.keyboard.press('Enter')
  await ready(page)
    .getByRole('article', { name: `Order ${order.number}` })
    .waitFor()
  await expect.poll(() => stateOf(api, order)).toMatchObject({ status: 'READY' })
})

test('letters are shortcuts, told by ?, and leave alone whoever writes or has switched them off', async () => {
  const api = await startShop()
  const { place } = await integrator(api)
  const order = await place()
  const page = await openConsole(browser, api)
  const dialog = page.getByRole('dialog')
  await ticket(page, order).waitFor()
  await page.keyboard.press('?')
  await dialog.getByText('Number, hyphen, cup, Enter: 4854-2').waitFor()
  for (const name of ['Recall', 'All day', 'Settings', 'Sound']) {
    await dialog.getByText(name, { exact: true }).waitFor()
  }
  await scan(page, order.number)
  await page.keyboard.press('Escape')
  await gone(dialog)
  expect(await page.locator('.typed').innerText()).not.toContain(order.number)
  expect(await stateOf(api, order), 'nothing behind an open dialog is touched').toMatchObject({
    status: 'RECEIVED',
  })

  await press(page, 'Cancel', order)
  await page.getByRole('radio', { name: 'Something else' }).check()
  await page.getByLabel('The reason').fill('')
  await page.keyboard.type('r4u?')
  expect(await page.getByLabel('The reason').inputValue()).toBe('r4u?')
  await page.getByRole('button', { name: 'Keep order' }).click()
  await gone(dialog)

  await page.keyboard.press('o')
  await dialog.getByLabel('Single letters are shortcuts').uncheck()
  await page.keyboard.press('Escape')
  await gone(dialog)
  await page.keyboard.press('r')
  await page.keyboard.press('?')
  await dialog.getByText('Letters are switched off on this device').waitFor()
})
