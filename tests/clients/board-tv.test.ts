import type { Browser, Page } from 'playwright-core'
import { encode } from 'uqr'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { TestApi } from '../support/api.ts'
import { startBrowser } from '../support/browser.ts'
import { eventually, isLive, openBoard, readySide, setPhone, setTime, shows } from './board.ts'
import { overflow } from './looks.ts'
import { integrator } from './orders.ts'
import { startShop } from './screen.ts'

let browser: Browser
beforeAll(async () => {
  browser = await startBrowser()
})
afterAll(() => browser.close())

/** What the api reckons that a guest has to wait who orders now, in the board's words. */
async function waitWords(api: TestApi): Promise<string> {
  const { data } = await api.ask<{ board: { shop: { waitMinutes: number } } }>(
    '{ board { shop { waitMinutes } } }',
  )
  return `Order now: about ${data.board.shop.waitMinutes} min`
}

test('guests see the shop, its time, how long an order takes now, and how to order', async () => {
  setTime(Date.parse('2026-03-01T20:05:30Z'))
  const api = await startShop()
  const { place } = await integrator(api)
  await setPhone(api, '+15550001111')
  // A TV stick that knows neither where it is nor what time it is.
  const board = await openBoard(browser, api, { timezoneId: 'Asia/Tokyo' })
  await board.getByText('BobaRista').waitFor()
  await board.getByText('12:05 PM').waitFor()
  await board.getByText('Order by phone at (555) 000-1111, and your number').waitFor()
  const quiet = await waitWords(api)
  await board.getByText(quiet).waitFor()

  for (let nth = 0; nth < 12; nth += 1) await place()
  const busy = await waitWords(api)
  expect(busy).not.toBe(quiet)
  await board.getByText(busy).waitFor()
  await board.getByText('Order by phone: (555) 000-1111').waitFor()
  const code = board.getByRole('img', { name: 'QR code that calls the shop' })
  await eventually(() => code.count()).toBe(1)
  const path = await code.locator('path').getAttribute('d')
  const drawn = [...path!.matchAll(/M(\d+) (\d+)h1v1h-1z/g)].map(([, x, y]) => `${x} ${y}`)
  const dark = encode('tel:+15550001111', { ecc: 'M', border: 3 }).data.flatMap((row, y) =>
    row.flatMap((isDark, x) => (isDark ? [`${x} ${y}`] : [])),
  )
  expect(drawn).toEqual(dark)

  setTime(Date.parse('2026-03-01T20:06:30Z'))
  await board.getByText('12:06 PM').waitFor()
  const key = await api.key('menu:write')
  await api.ask('mutation { delayOrdering(input: { minutes: 15 }) { __typename } }', {}, key)
  await eventually(() => waitWords(api)).not.toBe(busy)
  await board.getByText(await waitWords(api)).waitFor()
  await api.ask('mutation { pauseOrdering(paused: true) { id } }', {}, key)
  await board.getByText('No phone orders right now').waitFor()
  await code.waitFor({ state: 'detached' })
})

test('the picture moves a few pixels every few minutes, and never out of the screen', async () => {
  const api = await startShop()
  const { place } = await integrator(api)
  await place()
  const board = await openBoard(browser, api)
  const places = new Set<string>()
  for (let nth = 0; nth < 8; nth += 1) {
    const { x, y } = (await board.locator('.board').boundingBox())!
    expect(Math.hypot(x, y)).toBeLessThan(8)
    places.add(`${x} ${y}`)
    expect(await overflow(board)).toBeLessThanOrEqual(0)
    expect(await board.evaluate(() => document.documentElement.scrollHeight - innerHeight)).toBe(0)
    await board.clock.fastForward(180_000)
  }
  expect(places.size).toBe(8)
})

test('once a night the page loads itself anew, but only when the api answers', async () => {
  const early = Date.parse('2026-03-01T11:30:30Z')
  setTime(early)
  const api = await startShop()
  const board = await openBoard(browser, api, { query: '?ready=1', losesApi: true })
  await board.getByText('3:30 AM').waitFor()
  await board.mouse.click(300, 300)
  await board.getByText('Sound on').waitFor()
  const asked: string[] = []
  board.on('request', request => asked.push(new URL(request.url()).pathname))
  await board.evaluate(() => Object.assign(window, { old: true }))
  const isOld = () => board.evaluate(() => 'old' in window)
  const minutesPass = async (minutes: number) => {
    await board.clock.fastForward(minutes * 60_000)
    await isLive(board)
  }

  await minutesPass(150)
  await minutesPass(1)
  setTime(early + 9 * 3_600_000)
  await board.getByText('12:30 PM').waitFor()
  await minutesPass(1)
  await board.route('**/board/', route => route.abort())
  // 4:45 in the shop's night.
  setTime(Date.parse('2026-03-02T12:45:30Z'))
  await board.getByText('4:45 AM').waitFor()
  expect(asked).not.toContain('/board/')
  const refused = board.waitForEvent('requestfailed')
  await minutesPass(1)
  expect(new URL((await refused).url()).pathname).toBe('/board/')
  await isLive(board)
  expect(await isOld()).toBe(true)

  await board.unroute('**/board/')
  const loaded = board.waitForEvent('load')
  await board.clock.fastForward(60_000)
  await loaded
  await isLive(board)
  expect(await isOld()).toBe(false)
  expect(board.url()).toContain('?ready=1')
  await board.getByText('Sound on').waitFor()
  expect(await readySide(board).count()).toBe(0)

  asked.length = 0
  await minutesPass(1)
  expect(asked, 'once a night').not.toContain('/board/')
})

test('the screen is kept on, and the board says when it is not', async () => {
  const whole = await startBrowser({ withScreen: true })
  onTestFinished(() => whole.close())
  const api = await startShop()
  const board = await openBoard(whole, api, {
    prepare: page =>
      page.addInitScript(() => {
        const request = navigator.wakeLock.request.bind(navigator.wakeLock)
        navigator.wakeLock.request = async type => {
          const lock = await request(type)
          Object.assign(window, { letGo: () => lock.release() })
          return lock
        }
      }),
  })
  await board.getByText('Screen stays on').waitFor()
  await board.evaluate(() => (window as unknown as { letGo: () => Promise<void> }).letGo())
  await board.getByText('Screen may turn off').waitFor()
  await board.evaluate(() => document.dispatchEvent(new Event('visibilitychange')))
  await board.getByText('Screen stays on').waitFor()
})

test('a key or a button fills the whole screen', async () => {
  const api = await startShop()
  const board = await openBoard(browser, api)
  const isFull = () => board.evaluate(() => document.fullscreenElement !== null)
  await board.keyboard.press('f')
  await eventually(isFull).toBe(true)
  await board.getByText('Full screen', { exact: true }).waitFor()
  await board.keyboard.press('f')
  await eventually(isFull).toBe(false)
  await board.getByRole('button', { name: 'Full screen (F)' }).focus()
  await board.keyboard.press('Enter')
  await eventually(isFull).toBe(true)
})

test('a browser of the year 2020, on a page without https, shows it all', async () => {
  const api = await startShop()
  const { place, move } = await integrator(api)
  const first = await place()
  const board = await openBoard(browser, api, {
    query: '?ready=1&speak=1',
    prepare: page =>
      page.addInitScript(() => {
        const missing: [object, string[]][] = [
          [Array, ['fromAsync']],
          [
            Array.prototype,
            ['at', 'findLast', 'findLastIndex', 'toReversed', 'toSorted', 'toSpliced', 'with'],
          ],
          [String.prototype, ['at', 'isWellFormed', 'toWellFormed']],
          [Object, ['groupBy', 'hasOwn']],
          [Promise, ['try', 'withResolvers']],
          [AbortSignal, ['abort', 'any', 'timeout']],
          [AbortSignal.prototype, ['reason', 'throwIfAborted']],
          [Crypto.prototype, ['randomUUID']],
          [Navigator.prototype, ['wakeLock']],
          [window, ['speechSynthesis', 'SpeechSynthesisUtterance', 'structuredClone', 'reportError']],
        ]
        for (const [owner, names] of missing)
          for (const name of names) if (!Reflect.deleteProperty(owner, name)) throw new Error(name)
      }),
  })
  await board.getByText('Screen may turn off').waitFor()
  const second = await place()
  await shows(board, [first, second])
  await move(first, 'markOrderReady')
  await shows(readySide(board), [first])
  await board.getByText('Please come to the counter').waitFor()
})

/** What the page's objects take, when all that can go has gone. */
async function heapOf(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page)
  await session.send('HeapProfiler.enable')
  // What only finalizers hold goes the second time.
  for (let times = 0; times < 2; times += 1) await session.send('HeapProfiler.collectGarbage')
  await session.send('Performance.enable')
  const { metrics } = await session.send('Performance.getMetrics')
  await session.detach()
  return metrics.find(({ name }) => name === 'JSHeapUsedSize')!.value
}

test('eight hours of beats leave nothing behind in the memory', { timeout: 240_000 }, async () => {
  const api = await startShop({ log: { heartbeat: 3 } })
  const { place } = await integrator(api)
  await Promise.all(Array.from({ length: 20 }, () => place()))
  let beats = 0
  const board = await openBoard(browser, api, {
    query: '?ready=1',
    prepare: page => page.on('websocket', socket => socket.on('framereceived', () => (beats += 1))),
  })
  const hours = 8
  // Longer than any of the page's timers, so that each of them rings once.
  const step = 150_000
  const heaps: number[] = []
  for (let hour = 0; hour < hours; hour += 1) {
    for (let passed = 0; passed < 3_600_000; passed += step) await board.clock.fastForward(step)
    heaps.push(await heapOf(board))
  }
  await isLive(board)
  await board.getByText(/Page \d of \d/).waitFor()
  // As many as come in eight hours of a shop.
  await expect.poll(() => beats, { timeout: 60_000 }).toBeGreaterThan((hours * 3_600) / 5)
  // The first hour also warms the browser up, and what it does for itself now and then is no leak: that grows each hour.
  const left = Math.min(...heaps.slice(-3)) - heaps[1]!
  expect(left, `bytes after each hour: ${heaps.join(' ')}`).toBeLessThan(300_000)
})
