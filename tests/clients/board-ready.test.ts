import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { startBrowser } from '../support/browser.ts'
import { startProxy } from '../support/proxy.ts'
import { eventually, isLive, openBoard, preparingSide, readySide, setTime, shows } from './board.ts'
import { integrator, type Placed } from './orders.ts'
import { minutesAgo, startShop } from './screen.ts'

let browser: Browser
beforeAll(async () => {
  browser = await startBrowser()
})
afterAll(() => browser.close())

const hold = { READY_HOLD_SECONDS: '5' }

/** What a page has rung and said since it was opened. */
interface Heard {
  tones: number
  spoken: string[]
}

/** Listens to what a page rings and says. */
async function listen(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const heard: Heard = { tones: 0, spoken: [] }
    Object.assign(window, { heard })
    const start = OscillatorNode.prototype.start
    OscillatorNode.prototype.start = function (...when) {
      heard.tones += 1
      return start.apply(this, when)
    }
    speechSynthesis.speak = ({ lang, text }) => void heard.spoken.push(`${lang}: ${text}`)
  })
}

const heard = (board: Page) => board.evaluate(() => (window as unknown as { heard: Heard }).heard)

/** Waits until exactly these numbers fill the screen; none: until it is the usual one. */
const calls = (board: Page, orders: Placed[]) =>
  eventually(() => board.locator('[aria-live=assertive] .number').allTextContents()).toEqual(
    orders.map(({ number }) => number),
  )

test('an order is on the ready side at once, and is called when its time has come, unless it was recalled', async () => {
  const api = await startShop({ env: hold })
  const { place, move } = await integrator(api)
  const first = await place()
  const second = await place()
  const board = await openBoard(browser, api, { query: '?ready=1', prepare: listen })
  await board.getByRole('heading', { name: 'Now Preparing' }).waitFor()
  await board.getByRole('heading', { name: 'Ready for pickup' }).waitFor()
  await board.getByText('Your number will be called here').waitFor()
  await shows(preparingSide(board), [first, second])
  await board.getByText('No sound yet: click, or press any key').waitFor()
  await board.mouse.click(300, 300)
  await board.getByText('Sound on').waitFor()

  await move(second, 'markOrderReady')
  await shows(readySide(board), [second])
  await move(first, 'markOrderReady')
  await shows(readySide(board), [second, first])
  await board.getByText('All caught up!').waitFor()
  await move(second, 'recallOrder')
  await shows(preparingSide(board), [second])
  await calls(board, [])
  expect(await heard(board)).toEqual({ tones: 0, spoken: [] })

  setTime(Date.now() + 6_000)
  await calls(board, [first])
  await board.getByText('Please come to the counter').waitFor()
  const { width } = (await board.getByText(first.number).last().boundingBox())!
  expect(width, 'over half of the screen').toBeGreaterThan(960)
  expect(await heard(board)).toEqual({ tones: 2, spoken: [] })
  await board.clock.fastForward(6_000)
  await calls(board, [])
  await shows(readySide(board), [first])

  await board.reload()
  await isLive(board)
  await shows(readySide(board), [first])
  await move(second, 'markOrderReady')
  await shows(readySide(board), [first, second])
  setTime(Date.now() + 6_000)
  await calls(board, [second])
})

test('several share the screen, the rest wait their turn, and who is gone is not called', async () => {
  const api = await startShop({ env: hold })
  const { place, move } = await integrator(api)
  const orders = await Promise.all(Array.from({ length: 7 }, () => place()))
  const board = await openBoard(browser, api, { query: '?ready=1&speak=1', prepare: listen })
  await board.keyboard.press('Space')
  await board.getByText('Sound on').waitFor()
  for (const order of orders) await move(order, 'markOrderReady')
  await eventually(() => readySide(board).getByRole('listitem').count()).toBeGreaterThan(3)

  setTime(Date.now() + 6_000)
  await calls(board, orders.slice(0, 4))
  await move(orders[1]!, 'completeOrder')
  await calls(board, [orders[0]!, orders[2]!, orders[3]!])
  await move(orders[4]!, 'cancelOrder')
  await move(orders[5]!, 'recallOrder')
  await shows(preparingSide(board), [orders[5]!])
  await board.clock.fastForward(6_000)
  await calls(board, [orders[6]!])
  await board.clock.fastForward(6_000)
  await calls(board, [])
  await shows(readySide(board), [orders[0]!, orders[2]!, orders[3]!, orders[6]!])
  const { tones, spoken } = await heard(board)
  expect(tones).toBe(4)
  expect(spoken).toEqual(
    [...orders.slice(0, 4), orders[6]!].map(({ number }) => `en: ${[...number].join(', ')}`),
  )
})

test('who does not come is called a last time in words, and after two hours no more', async () => {
  const api = await startShop()
  const { place, move } = await integrator(api)
  const [late, soon] = [await place(), await place()]
  await minutesAgo(12, () => move(late, 'markOrderReady'))
  await minutesAgo(7, () => move(soon, 'markOrderReady'))
  const board = await openBoard(browser, api, { query: '?ready=1' })
  const impatient = await openBoard(browser, api, { query: '?ready=1&lastCall=6' })
  const tile = ({ number }: Placed) => readySide(board).getByRole('listitem').filter({ hasText: number })
  await tile(late).getByText('last call!').waitFor()
  await tile(soon).getByText('ready', { exact: true }).waitFor()
  await eventually(() => impatient.getByText('last call!').count()).toBe(2)

  setTime(Date.now() + 4 * 60_000)
  await tile(soon).getByText('last call!').waitFor()
  setTime(Date.now() + 105 * 60_000)
  await shows(readySide(board), [soon])
  await calls(board, [])
})

test('nobody is called from an old picture; who became ready in the meantime is called when the link is back', async () => {
  const api = await startShop({ env: hold })
  const { place, move } = await integrator(api)
  const [before, during, recalled] = [await place(), await place(), await place()]
  const proxy = await startProxy(api.url)
  onTestFinished(() => proxy.close())
  const board = await openBoard(browser, api, { query: '?ready=1', url: proxy.url, losesApi: true })
  await move(before, 'markOrderReady')
  await move(recalled, 'markOrderReady')
  await shows(readySide(board), [before, recalled])

  proxy.freeze()
  await board.clock.fastForward(11_000)
  await board.getByText(/^Last update/).waitFor()
  await calls(board, [])
  await move(recalled, 'recallOrder')
  await move(during, 'markOrderReady')
  setTime(Date.now() + 6_000)
  await board.clock.fastForward(11_000)
  await board.getByRole('alert').getByText('Connection lost').waitFor()
  await calls(board, [])
  proxy.thaw()
  await board.clock.fastForward(8_000)
  await calls(board, [before, during])
})

test('without ?ready=1 nothing is called, and no sound is spoken of', async () => {
  const api = await startShop()
  const { place, move } = await integrator(api)
  const [first, second] = [await place(), await place()]
  const board = await openBoard(browser, api, { query: '?speak=1', prepare: listen })
  await board.mouse.click(300, 300)
  await move(first, 'markOrderReady')
  await shows(board, [second])
  await calls(board, [])
  expect(await heard(board)).toEqual({ tones: 0, spoken: [] })
  expect(await board.getByText(/sound/i).count()).toBe(0)
})
