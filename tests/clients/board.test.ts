import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Order } from '../../api/orders/order.entity.ts'
import { startBrowser } from '../support/browser.ts'
import { phoneCall } from '../support/phone-call.ts'
import { eventually, isLive, numbers, openBoard, preparingSide, readySide, setPhone, shows } from './board.ts'
import { staff, stateOf } from './console.ts'
import { integrator, type Placed } from './orders.ts'
import { minutesAgo, received, startShop } from './screen.ts'

let browser: Browser
beforeAll(async () => {
  browser = await startBrowser()
})
afterAll(() => browser.close())

test('an order appears when it is placed and leaves when it is ready', async () => {
  const api = await startShop()
  const { move } = await integrator(api)
  const board = await openBoard(browser, api)
  await board.getByRole('heading', { name: 'Now Preparing' }).waitFor()
  await board.getByRole('heading', { name: 'All caught up!' }).waitFor()

  const call = await phoneCall(api, await api.key('calls:write'))
  await call.run('addToCart', { drink: { flavor: 'taro', toppings: ['tapioca'] } })
  const { orderNumber: number } = await call.run('checkoutOrder', { phone: '555-123-4567' })
  const tile = board.getByRole('listitem').filter({ hasText: number })
  await tile.getByText('in line').waitFor()
  await board.getByRole('heading', { name: 'All caught up!' }).waitFor({ state: 'detached' })

  const { data } = await api.ask<{ order: Placed }>(
    'query ($number: String) { order(number: $number) { id number } }',
    { number },
    await api.key('orders:read'),
  )
  await move(data.order, 'startOrder')
  await tile.getByText('being made').waitFor()
  await move(data.order, 'markOrderReady')
  await tile.waitFor({ state: 'detached' })
  await board.getByRole('heading', { name: 'All caught up!' }).waitFor()
})

test('orders stand in the order they were placed, and a recalled one takes its place again', async () => {
  const api = await startShop()
  const { place, move } = await integrator(api)
  const second = await minutesAgo(5, () => place())
  const first = await minutesAgo(10, () => place())
  const cancelled = await place()
  const board = await openBoard(browser, api)
  await shows(board, [first, second, cancelled])

  const last = await place()
  await move(cancelled, 'cancelOrder')
  await shows(board, [first, second, last])
  await move(first, 'markOrderReady')
  await shows(board, [second, last])
  await move(first, 'recallOrder')
  await shows(board, [first, second, last])
})

test('what is heard of an order that is over leaves the next one of its number alone', async () => {
  const api = await startShop()
  const { place, move } = await integrator(api)
  const over = await minutesAgo(5, () => place())
  await move(over, 'markOrderReady')
  await move(over, 'completeOrder')
  const next = await place()
  await api.orm.em.fork().nativeUpdate(Order, over.id, { number: next.number })
  const board = await openBoard(browser, api)
  await shows(board, [next])

  const act = await staff(api)
  const [cup] = (await stateOf(api, over)).items
  await act(`recordLabels(input: { cups: ["${cup!.id}"] })`)
  const last = await place()
  await shows(board, [next, last])
})

test('neither the board nor what it is sent tells who has ordered', async () => {
  const api = await startShop()
  const { place, move } = await integrator(api)
  await setPhone(api, '+15550001111')
  await place({ phone: '+15557654321', name: 'Grace' })
  let wire = async () => ''
  const board = await openBoard(browser, api, {
    query: '?ready=1',
    prepare: page => (wire = received(page)),
  })
  const live = await place({ phone: '+15551234567', name: 'Ada' })
  const ready = await place({ phone: '+15551234568', name: 'Alan' })
  await move(live, 'startOrder')
  await preparingSide(board).getByText(live.number).waitFor()
  await move(ready, 'markOrderReady')
  await readySide(board).getByText(ready.number).waitFor()

  for (const text of [await wire(), await board.content()]) {
    expect(text).toContain(live.number)
    expect(text).toContain(ready.number)
    expect(text).not.toMatch(/5557654321|555123456|123-456|Grace|Ada|Alan/)
    expect(text).not.toMatch(/phone":(?!"\+15550001111")|name":"(?!BobaRista)|"id":"ord/)
  }
})

test('forty orders take turns on pages, and every number can be read from ten metres', async () => {
  const api = await startShop()
  const { place } = await integrator(api)
  const orders = await Promise.all(Array.from({ length: 40 }, () => place()))
  const board = await openBoard(browser, api)
  await board.getByText('Page 1 of 3').waitFor()

  const seen: string[] = []
  for (const [page, count] of [15, 15, 10].entries()) {
    await board.getByText(`Page ${page + 1} of 3`).waitFor()
    await eventually(() => numbers(board).count()).toBe(count)
    seen.push(...(await numbers(board).allTextContents()))
    const boxes = await numbers(board).evaluateAll(all =>
      all.map(number => ({
        size: parseFloat(getComputedStyle(number).fontSize),
        inside: number.scrollWidth <= number.parentElement!.clientWidth,
      })),
    )
    for (const { size, inside } of boxes) {
      // A tenth of the screen's height: 6 cm on a 50-inch TV.
      expect(size).toBeGreaterThanOrEqual(108)
      expect(inside).toBe(true)
    }
    await board.clock.fastForward(8_000)
  }
  expect(seen.toSorted()).toEqual(orders.map(({ number }) => number).toSorted())
  await board.getByText('Page 1 of 3').waitFor()

  await board.setViewportSize({ width: 320, height: 240 })
  await board.getByText('Page 1 of 40').waitFor()
  await eventually(() => numbers(board).count()).toBe(1)
  expect(await numbers(board).evaluate(number => getComputedStyle(number).fontSize)).toBe('56px')
})

/** Whether a board that shows a full page turns as many pages as so many orders need. */
async function hasPagesFor(board: Page, orders: number): Promise<boolean> {
  const { label, onPage } = await board.evaluate(() => ({
    label: document.querySelector('.pages')?.textContent.trim() ?? '',
    onPage: document.querySelectorAll('[aria-label="Orders being prepared"] strong').length,
  }))
  return Number(/\d+$/.exec(label)?.[0]) === Math.ceil(orders / onPage)
}

/** All numbers that a board is preparing, page after page. */
async function everyPage(board: Page): Promise<string[]> {
  const pages = new Map<string, string[]>()
  for (let count = Infinity; pages.size < count;) {
    // A page is read in one go: it may turn at any time.
    const [label, ...onPage] = await board.evaluate(() => [
      document.querySelector('.pages')!.textContent.trim(),
      ...[...document.querySelectorAll('[aria-label="Orders being prepared"] strong')].map(
        ({ textContent }) => textContent,
      ),
    ])
    count = Number(label!.match(/\d+$/))
    pages.set(label!, onPage)
    await board.clock.fastForward(8_000)
    // A board that has heard nothing for long has less room for numbers.
    await isLive(board)
  }
  return [...pages.values()].flat().sort()
}

test('five hundred orders in a rush are all on three boards, which agree', { timeout: 240_000 }, async () => {
  const api = await startShop({ log: { heartbeat: 100 } })
  const { place, move } = await integrator(api)
  const boards = await Promise.all([
    openBoard(browser, api),
    openBoard(browser, api, { viewport: { width: 1080, height: 1920 } }),
    openBoard(browser, api, { viewport: { width: 1280, height: 720 } }),
  ])
  const orders: Placed[] = []
  await Promise.all(
    Array.from({ length: 10 }, async () => {
      for (let nth = 0; nth < 50; nth += 1) orders.push(await place())
    }),
  )
  for (const board of boards) await eventually(() => hasPagesFor(board, 500)).toBe(true)
  // What is left is turned through page by page.
  const gone = orders.splice(0, 445)
  for (let from = 0; from < gone.length; from += 20) {
    await Promise.all(gone.slice(from, from + 20).map(order => move(order, 'cancelOrder')))
  }
  const wanted = orders.map(({ number }) => number).sort()
  await Promise.all(
    boards.map(board => expect.poll(() => everyPage(board), { timeout: 60_000 }).toEqual(wanted)),
  )
})
