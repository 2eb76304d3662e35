import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Order } from '../../api/orders/order.entity.ts'
import { startBrowser } from '../support/browser.ts'
import { cup, cupsOf, gone, press, ready, staff, stateOf, ticket, toMake } from './console.ts'
import { integrator, taro } from './orders.ts'
import { minutesAgo, openConsole, openScreen, startShop } from './screen.ts'

let browser: Browser
beforeAll(async () => {
  browser = await startBrowser()
})
afterAll(() => browser.close())

test('each cup is ticked by itself, at every console; the last one makes the order ready', async () => {
  const api = await startShop()
  const { place } = await integrator(api)
  const black = { flavor: 'black milk tea', toppings: ['boba'] }
  const order = await place({ drinks: [taro, black, taro] })
  const [left, right, board] = await Promise.all([
    openConsole(browser, api),
    openConsole(browser, api),
    openScreen(browser, `${api.url}/board/`),
  ])
  const tile = board.getByRole('listitem').filter({ hasText: order.number })
  await tile.getByText('in line').waitFor()
  const allDay = left.getByRole('region', { name: 'All day' })
  const counts = (list: string) => allDay.getByRole('list', { name: list }).innerText()
  await expect.poll(() => counts('Drinks')).toMatch(/^2 taro milk tea\s+1 black milk tea$/)
  await expect.poll(() => counts('To prepare')).toBe('1 boba')

  const pressed = (position: number) => cup(right, order, position).getAttribute('aria-pressed')
  expect(await pressed(2)).toBe('false')
  await cup(left, order, 2).click()
  await expect.poll(() => pressed(2)).toBe('true')
  await cup(right, order, 2).getByText('done').waitFor()
  expect(
    await cup(right, order, 2)
      .getByText('Black milk tea')
      .evaluate(name => getComputedStyle(name).textDecorationLine),
  ).toBe('line-through')
  await expect.poll(() => cupsOf(api, order)).toEqual([false, true, false])
  await tile.getByText('being made').waitFor()
  await ticket(right, order).getByText('being made', { exact: true }).waitFor()
  await expect.poll(() => counts('Drinks')).toBe('2 taro milk tea')
  await gone(allDay.getByRole('list', { name: 'To prepare' }))

  await cup(right, order, 2).click()
  await expect.poll(() => cup(left, order, 2).getAttribute('aria-pressed')).toBe('false')
  for (const [console_, position] of [
    [left, 1],
    [right, 2],
    [left, 3],
  ] as const) {
    await expect.poll(() => cup(console_, order, position).getAttribute('aria-pressed')).toBe('false')
    await cup(console_, order, position).click()
  }
  for (const page of [left, right])
    await ready(page)
      .getByRole('article', { name: `Order ${order.number}` })
      .waitFor()
  await gone(tile)
  await allDay.getByText('Nothing to prepare.').waitFor()
  await left.getByRole('button', { name: 'All day' }).click()
  await gone(allDay)
})

test('age is told in words at the thresholds of the shop, and against the time that was promised', async () => {
  const api = await startShop()
  const { place } = await integrator(api)
  const [late, warned, young] = [
    await minutesAgo(11, () => place()),
    await minutesAgo(6, () => place()),
    await minutesAgo(4.5, () => place()),
  ]
  const promise = (id: string, minutes: number) =>
    api.orm.em.fork().nativeUpdate(Order, { id }, { promisedAt: new Date(Date.now() + minutes * 60_000) })
  await promise(late.id, -2.2)
  await promise(young.id, 4.5)
  await promise(warned.id, 0)
  const page = await openConsole(browser, api)
  const words = (order: typeof late) => ticket(page, order).locator('.age').innerText()
  const told = async () =>
    (await Promise.all([late, warned, young].map(words))).map(each => each.replaceAll(/\s+/g, ' '))
  expect(await told()).toEqual([
    'late, 11 min 2 min overdue',
    'getting late, 6 min due now',
    '4 min due in 4 min',
  ])
  await expect
    .poll(() => toMake(page).getByRole('heading', { level: 3 }).allTextContents())
    .toEqual([late, warned, young].map(({ number }) => number))

  await page.getByRole('button', { name: 'Settings' }).click()
  await page.getByLabel('Getting late after').fill('8')
  await page.getByLabel('Late after (minutes)', { exact: true }).fill('6')
  await page.getByRole('button', { name: 'Save minutes' }).click()
  await page.getByText('That was not saved.').waitFor()
  await page.getByLabel('Late after (minutes)', { exact: true }).fill('30')
  await page.getByRole('button', { name: 'Save minutes' }).click()
  await page.getByText('Saved for all consoles.').waitFor()
  await page.keyboard.press('Escape')
  await expect.poll(told).toEqual(['late, 11 min 2 min overdue', '6 min due now', '4 min due in 4 min'])
})

test('a new order stands out until somebody touches it, at whichever console', async () => {
  const api = await startShop()
  const { place } = await integrator(api)
  const [touched, started] = [await place(), await place()]
  const [left, right] = await Promise.all([openConsole(browser, api), openConsole(browser, api)])
  const mark = (page: typeof left, order: typeof touched) => ticket(page, order).getByText('★ New')
  await mark(left, touched).waitFor()
  expect((await stateOf(api, touched)).seenAt).toBeNull()

  await ticket(left, touched).getByRole('heading').click()
  for (const page of [left, right]) await gone(mark(page, touched))
  expect((await stateOf(api, touched)).seenAt).not.toBeNull()
  await mark(right, started).waitFor()
  await press(left, 'Start', started)
  for (const page of [left, right]) await gone(mark(page, started))

  const announced = right.getByText(/^New order \d{4}, 2 drinks$/)
  await place({ drinks: [taro, taro] })
  await announced.waitFor({ state: 'attached' })
  expect(await announced.getAttribute('aria-live')).toBe('polite')
})

test('what is cancelled elsewhere stays, with its reason, until it is touched', async () => {
  const api = await startShop()
  const { place } = await integrator(api)
  const order = await place({ drinks: [{ flavor: 'taro', toppings: ['boba'] }] })
  const page = await openConsole(browser, api)
  await ticket(page, order).waitFor()
  const act = await staff(api)
  await act(`cancelOrder(id: "${order.id}", reason: "Guest called")`)
  await ticket(page, order).getByText('Do not make it. Reason: Guest called').waitFor()
  await ticket(page, order).getByText('★ Cancelled').waitFor()
  await page.getByText(`Order ${order.number} was cancelled`, { exact: true }).waitFor({ state: 'attached' })
  await ticket(page, order).getByRole('button', { name: 'OK, seen' }).click()
  await gone(ticket(page, order))
  await page.getByText('Nothing to make.').waitFor()
})

test('a ticket stands where its order does, though the clock of the shop was set back', async () => {
  const api = await startShop()
  const { place, move } = await integrator(api)
  const order = await place()
  const page = await openConsole(browser, api)
  await toMake(page)
    .getByRole('article', { name: `Order ${order.number}` })
    .waitFor()
  await minutesAgo(5, () => move(order, 'startOrder'))
  await toMake(page)
    .getByRole('article', { name: `Order ${order.number}` })
    .getByText('being made', { exact: true })
    .waitFor()
  await minutesAgo(10, () => move(order, 'markOrderReady'))
  await ready(page)
    .getByRole('article', { name: `Order ${order.number}` })
    .waitFor()
})
