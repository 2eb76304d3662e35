import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { Sms } from '../../api/sms/sms.entity.ts'
import { startBrowser } from '../support/browser.ts'
import { startSmsProvider } from '../support/sms-provider.ts'
import { cupsOf, cup, gone, press, ready, stateOf, ticket, toMake } from './console.ts'
import { integrator, type Placed, taro } from './orders.ts'
import { minutesAgo, openConsole, passTime, startShop } from './screen.ts'

let browser: Browser
beforeAll(async () => {
  browser = await startBrowser()
})
afterAll(() => browser.close())

const holding = (seconds: number) => ({ env: { READY_HOLD_SECONDS: String(seconds) } })
const making = (page: Page, { number }: Placed) =>
  toMake(page).getByRole('article', { name: `Order ${number}` })
const waiting = (page: Page, { number }: Placed) =>
  ready(page).getByRole('article', { name: `Order ${number}` })

test('Done can be undone while the guest has not been told, by a tap or a key, as often as one likes', async () => {
  const api = await startShop(holding(60))
  const { place } = await integrator(api)
  const order = await place({ drinks: [taro, taro] })
  const page = await openConsole(browser, api)
  const undo = page.getByRole('button', { name: `Undo, order ${order.number}` })
  await cup(page, order, 2).click()
  await cup(page, order, 2).getByText('done').waitFor()

  await press(page, 'Done,', order)
  await making(page, order)
    .getByText(/^Done\. The guest is told in \d+ s\.$/)
    .waitFor()
  // The console shows what was tapped before the api has done it.
  const shop = { cups: () => cupsOf(api, order), state: () => stateOf(api, order) }
  await expect.poll(shop.cups).toEqual([true, true])
  await expect.poll(shop.state).toMatchObject({ status: 'READY' })
  await undo.click()
  await making(page, order).getByText('being made', { exact: true }).waitFor()
  await expect.poll(shop.cups, { message: 'only what Done had ticked' }).toEqual([false, true])
  await expect
    .poll(async () => (await stateOf(api, order)).texts.at(-1))
    .toMatchObject({ kind: 'ORDER_READY', status: 'WITHDRAWN' })

  await cup(page, order, 1).click()
  await undo.waitFor()
  await page.keyboard.press('u')
  await gone(undo)
  await expect.poll(shop.state).toMatchObject({ status: 'PREPARING' })
  await page.keyboard.press('u')
  await page.getByText('There is nothing to undo just now.').waitFor()

  await press(page, 'Done,', order)
  await undo.waitFor()
  await passTime(page, 61_000)
  await waiting(page, order).waitFor()
  await gone(undo)
})

test('orders of the last three hours are recalled from a list; what was picked up is over', async () => {
  const api = await startShop()
  const { place, move } = await integrator(api)
  const make = async (minutes: number) => {
    const order = await minutesAgo(minutes, () => place())
    await minutesAgo(minutes - 1, () => move(order, 'markOrderReady'))
    return order
  }
  const [old, over, lately] = [await make(200), await make(30), await make(10)]
  await move(over, 'completeOrder')
  const page = await openConsole(browser, api)
  const dialog = page.getByRole('dialog', { name: /^Recall: / })
  await page.keyboard.press('r')
  await dialog.getByText(lately.number).first().waitFor()
  await dialog
    .getByRole('listitem')
    .filter({ hasText: over.number })
    .getByText('picked up, so it is over')
    .waitFor()
  expect(await dialog.getByText(old.number).count()).toBe(0)
  expect(await dialog.getByRole('button', { name: /^Recall order/ }).count()).toBe(1)
  for (let times = 0; times < 2; times += 1) {
    await dialog.getByRole('button', { name: `Recall order ${lately.number}` }).click()
    await making(page, lately).waitFor()
    await press(page, 'Done,', lately)
    await waiting(page, lately).waitFor()
    await page.getByRole('button', { name: 'Recall', exact: true }).first().click()
  }
})

test('who recalls an order that the guest was told of is asked about a correction', async () => {
  const provider = await startSmsProvider()
  onTestFinished(() => provider.close())
  const api = await startShop({ env: provider.env })
  const { place, move } = await integrator(api)
  const [told, untold] = [await place(), await place()]
  const page = await openConsole(browser, api)
  const dialog = page.getByRole('dialog')
  for (const order of [told, untold]) {
    await move(order, 'markOrderReady')
    await waiting(page, order).getByText('Ready text: sent').waitFor()
  }

  await press(page, 'Recall', told)
  await dialog.getByText('The guest has been told that it is ready.').waitFor()
  await dialog.getByRole('button', { name: 'Leave it ready' }).click()
  await gone(dialog)
  await expect.poll(() => stateOf(api, told)).toMatchObject({ status: 'READY' })
  await press(page, 'Recall', told)
  await dialog.getByRole('button', { name: 'Recall and text the guest' }).click()
  await making(page, told).getByText('Correction: sent').waitFor()
  await press(page, 'Recall', untold)
  await dialog.getByRole('button', { name: 'Recall without a text' }).click()
  await making(page, untold).waitFor()
  const kinds = (await stateOf(api, untold)).texts.map(({ kind }) => kind)
  expect(kinds).toEqual(['ORDER_RECEIVED', 'ORDER_READY'])
})

test('a text that failed says why, offers the number, and is sent again', async () => {
  const provider = await startSmsProvider()
  onTestFinished(() => provider.close())
  const api = await startShop({ env: provider.env })
  const { place } = await integrator(api)
  provider.behave({ status: 400, code: 21610 })
  const order = await place()
  const page = await openConsole(browser, api)
  await ticket(page, order)
    .getByText('Order text: could not be sent: the guest has replied STOP and gets no texts')
    .waitFor()
  await ticket(page, order).getByText('Call the number instead:').waitFor()
  await ticket(page, order).getByRole('button', { name: 'Number' }).click()
  expect(await ticket(page, order).getByRole('link').getAttribute('href')).toBe('tel:+15551234567')
  await ticket(page, order).getByRole('button', { name: 'Text again' }).click()
  await ticket(page, order).getByText('Order text: sent').waitFor()
  await gone(ticket(page, order).getByText('Call the number instead:'))

  const unknown = await place()
  await ticket(page, unknown).getByText('Order text: sent').waitFor()
  await api.orm.em
    .fork()
    .nativeUpdate(Sms, { order: unknown.id }, { status: 'FAILED', errorCode: 39999 } as object)
  await page.reload()
  await ticket(page, unknown).getByText('Order text: could not be sent: Twilio error 39999').waitFor()
})
