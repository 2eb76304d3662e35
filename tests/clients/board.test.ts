import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { TestApi } from '../support/api.ts'
import { startBrowser } from '../support/browser.ts'
import { phoneCall } from '../support/phone-call.ts'
import { integrator, type Placed } from './orders.ts'
import { minutesAgo, openScreen, received, type ScreenOptions, startShop, Streams } from './screen.ts'

let browser: Browser
beforeAll(async () => {
  browser = await startBrowser()
})
afterAll(() => browser.close())

const tv = { width: 1920, height: 1080 }

async function openBoard(api: TestApi, options: ScreenOptions = {}): Promise<Page> {
  const board = await openScreen(browser, `${api.url}/board/`, { viewport: tv, ...options })
  await board.getByText('Live', { exact: true }).waitFor()
  return board
}

const numbers = (board: Page) => board.getByRole('listitem').locator('strong')
const shows = (board: Page, orders: Placed[]) =>
  expect.poll(() => numbers(board).allTextContents()).toEqual(orders.map(({ number }) => number))

test('an order appears when it is placed and leaves when it is ready', async () => {
  const api = await startShop()
  const { move } = await integrator(api)
  const board = await openBoard(api)
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
  const board = await openBoard(api)
  await shows(board, [first, second, cancelled])

  const last = await place()
  await move(cancelled, 'cancelOrder')
  await shows(board, [first, second, last])
  await move(first, 'markOrderReady')
  await shows(board, [second, last])
  await move(first, 'recallOrder')
  await shows(board, [first, second, last])
})

test('neither the board nor what it is sent tells who has ordered', async () => {
  const api = await startShop()
  const { place, move } = await integrator(api)
  await place({ phone: '+15557654321', name: 'Grace' })
  let wire = async () => ''
  const board = await openBoard(api, { prepare: page => (wire = received(page)) })
  const live = await place({ phone: '+15551234567', name: 'Ada' })
  await move(live, 'startOrder')
  await board.getByRole('listitem').filter({ hasText: live.number }).getByText('being made').waitFor()

  for (const text of [await wire(), await board.content()]) {
    expect(text).toContain(live.number)
    expect(text).not.toMatch(/5557654321|5551234567|Grace|Ada|phone"|name":"(?!BobaRista)|"id":"ord/)
  }
})

test('forty orders take turns on pages, and every number can be read from ten metres', async () => {
  const api = await startShop()
  const { place } = await integrator(api)
  const orders = await Promise.all(Array.from({ length: 40 }, () => place()))
  const board = await openBoard(api)
  await board.getByText('Page 1 of 3').waitFor()

  const seen: string[] = []
  for (const [page, count] of [15, 15, 10].entries()) {
    await board.getByText(`Page ${page + 1} of 3`).waitFor()
    await expect.poll(() => numbers(board).count()).toBe(count)
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
  await expect.poll(() => numbers(board).count()).toBe(1)
  expect(await numbers(board).evaluate(number => getComputedStyle(number).fontSize)).toBe('56px')
})

test('the board says when its picture is old, and comes back with what happened meanwhile', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bobarista-board-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const database = `sqlite:${join(folder, 'shop.db')}`
  let api = await startShop({ database })
  const { port } = new URL(api.url)
  const { place } = await integrator(api)
  const made = await place()
  const waiting = await place()
  const board = await openBoard(api, { losesApi: true })
  await shows(board, [made, waiting])

  await api.close()
  await board.clock.fastForward(10_000)
  await board.getByText(/^Last update 1\d seconds ago$/).waitFor()
  await board.clock.fastForward(10_000)
  await board
    .getByRole('alert')
    .getByText(/Connection lost 2\d seconds ago/)
    .waitFor()

  api = await startShop({ database, server: { port: Number(port) } })
  const again = await integrator(api)
  await again.move(made, 'markOrderReady')
  const added = await again.place()
  await board.clock.fastForward(8_000)
  await board.getByText('Live', { exact: true }).waitFor()
  await board.getByRole('alert').waitFor({ state: 'detached' })
  await shows(board, [waiting, added])
  const live = await again.place()
  await shows(board, [waiting, added, live])
})

test('a stream that goes silent is given up and begun anew', async () => {
  const api = await startShop()
  const { place } = await integrator(api)
  const first = await place()
  const streams = new Streams()
  const board = await openBoard(api, { prepare: page => streams.prepare(page) })
  await shows(board, [first])

  await streams.freeze()
  const second = await place()
  await board.clock.fastForward(10_500)
  await board.getByText(/^Last update \d+ seconds ago$/).waitFor()
  await shows(board, [first])
  streams.thaw()
  await board.clock.fastForward(2_000)
  await board.clock.fastForward(1_000)
  await shows(board, [first, second])
  await board.getByText('Live', { exact: true }).waitFor()
})

test('beats alone keep the picture fresh', async () => {
  const api = await startShop()
  let questions = 0
  const board = await openBoard(api, {
    prepare: page => page.on('request', request => (questions += Number(request.method() === 'POST'))),
  })
  for (let times = 0; times < 3; times += 1) {
    await board.clock.fastForward(11_000)
    await board.getByText('Live', { exact: true }).waitFor()
  }
  expect(questions).toBe(1)

  await api.ask('mutation { pauseOrdering(paused: true) { id } }', {}, await api.key('menu:write'))
  await expect.poll(() => questions, { message: 'the shop changed: a new picture is due' }).toBe(2)
  await board.getByText('Live', { exact: true }).waitFor()
})
