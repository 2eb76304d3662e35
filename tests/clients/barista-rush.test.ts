import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startBrowser } from '../support/browser.ts'
import { gone, press, ready, ticket, toMake } from './console.ts'
import { integrator, type Placed } from './orders.ts'
import { openConsole, startShop } from './screen.ts'

let browser: Browser
beforeAll(async () => {
  browser = await startBrowser()
})
afterAll(() => browser.close())

test(
  'five hundred orders in one go are all there, as at a console that is opened afterwards, and both stay usable',
  { timeout: 300_000 },
  async () => {
    const api = await startShop()
    const { place } = await integrator(api)
    // Five hundred tickets that are drawn without a graphics chip keep a busy machine for long.
    const open = async () => {
      const page = await openConsole(browser, api)
      page.setDefaultTimeout(90_000)
      return page
    }
    const left = await open()
    const orders: Placed[] = []
    for (let round = 0; round < 25; round += 1) {
      orders.push(...(await Promise.all(Array.from({ length: 20 }, () => place()))))
    }
    const shown = (page: typeof left) => toMake(page).getByRole('heading', { level: 3 }).allTextContents()
    const all = (page: typeof left, count: number) =>
      expect.poll(async () => (await shown(page)).length, { timeout: 90_000 }).toBe(count)
    await all(left, orders.length)
    const right = await open()
    await all(right, orders.length)
    expect(await shown(left)).toEqual(await shown(right))
    const last = orders.at(-1)!
    await press(left, 'Done,', last)
    await ready(left)
      .getByRole('article', { name: `Order ${last.number}` })
      .waitFor()
    await ready(right)
      .getByRole('article', { name: `Order ${last.number}` })
      .waitFor()
    await press(right, 'Picked up,', last)
    await gone(ticket(left, last))

    await left.reload()
    await all(left, orders.length - 1)
    expect(await shown(left)).toEqual(await shown(right))
  },
)
