import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TestApi } from '../support/api.ts'
import { startBrowser } from '../support/browser.ts'
import { phoneCall } from '../support/phone-call.ts'
import { expectAccessible } from './accessible.ts'
import { reports } from './calls.ts'
import { overflow } from './looks.ts'
import { integrator, type Placed } from './orders.ts'
import { consoleWith } from './panels.ts'
import { minutesAgo, startShop } from './screen.ts'

let browser: Browser
beforeAll(async () => {
  browser = await startBrowser()
})
afterAll(() => browser.close())

const dayMinutes = 24 * 60

async function statusOf(api: TestApi, { id }: Placed): Promise<string> {
  const { data } = await api.ask<{ order: { status: string } }>(
    'query ($id: ID!) { order(id: $id) { status } }',
    { id },
    await api.key('orders:read'),
  )
  return data.order.status
}

test('an order is found by its number and by the last digits of the phone, with all that is known of it', async () => {
  const api = await startShop()
  const key = await api.key('calls:write')
  const { place, move } = await integrator(api)
  const call = await phoneCall(api, key, { from: '+15557654321' })
  await call.run('addToCart', { drink: { flavor: 'taro', toppings: ['boba'] } })
  const { orderNumber: number } = await call.run('checkoutOrder', { phone: 'caller id', name: 'Ada' })
  await reports(api, key).end(call.id, 'GOODBYE')
  const early = await minutesAgo(3 * dayMinutes, () => place({ phone: '+15557654321', name: 'Grace' }))
  await minutesAgo(3 * dayMinutes - 5, () => move(early, 'markOrderReady'))
  await minutesAgo(31 * dayMinutes, () => place({ phone: '+15557654321', name: 'Too old' }))
  // Its phone ends with the number of the first one.
  const both = await place({ phone: `+1555123${number}`, name: 'Linus' })
  const asked: string[] = []
  const { page, panel } = await consoleWith(browser, api, 'Find', {
    viewport: { width: 390, height: 844 },
    prepare: page => page.on('request', request => asked.push(request.url())),
  })
  const results = panel.getByRole('article')
  const search = async (digits: string) => {
    await page.keyboard.press('ControlOrMeta+A')
    await page.keyboard.type(digits)
    await page.keyboard.press('Enter')
  }

  await search('1')
  await panel.getByText('Enter an order number, or 2 to 15').waitFor()
  await search(number)
  await panel.getByText('2 orders').waitFor()
  expect(await results.evaluateAll(all => all.map(each => each.getAttribute('aria-label')))).toEqual([
    `Order ${both.number}`,
    `Order ${number}`,
  ])
  await search(`${number}-1`)
  await panel.getByText('2 orders').waitFor()

  await search('(555) 765-4321')
  await panel.getByText('2 orders').waitFor()
  await results.nth(1).getByText('Grace').waitFor()
  const phoned = results.first()
  const told = (await phoned.innerText()).replaceAll(/\s+/g, ' ')
  for (const words of [
    'new Ada',
    'by phone',
    '(555) 765-4321',
    'Taro milk tea + boba · 50% · regular ice $6.25',
    'Order text not sent (practice)',
    'Total $6.25',
  ]) {
    expect(told).toContain(words)
  }
  await phoned.getByRole('button', { name: `Show the call of order ${number}` }).click()
  await phoned.getByText('The agent said goodbye and hung up.').waitFor()
  await phoned.getByText('Staged a drink').waitFor()
  expect(await phoned.getByRole('button', { name: 'Recall' }).count()).toBe(0)
  expect(await results.nth(1).getByRole('button', { name: 'Show the call' }).count()).toBe(0)
  expect(await overflow(page)).toBeLessThanOrEqual(0)
  await expectAccessible(page, 'dialog')
  expect(asked.filter(url => url.includes('4321'))).toEqual([])

  await results
    .nth(1)
    .getByRole('button', { name: `Recall order ${early.number}` })
    .click()
  await expect.poll(() => statusOf(api, early)).toBe('PREPARING')
  await page.clock.fastForward(5_000)
  await results.nth(1).getByText('being made').waitFor()
  await move(early, 'markOrderReady')
  await move(early, 'completeOrder')
  await page.clock.fastForward(5_000)
  await results.nth(1).getByText('picked up').waitFor()
  expect(await results.nth(1).getByRole('button', { name: 'Recall' }).count()).toBe(0)
  await page.getByRole('textbox').focus()
  await search('99999')
  await panel.getByText('No order of the last 30 days has 99999').waitFor()
})
