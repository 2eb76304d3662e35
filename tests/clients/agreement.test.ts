import { randomInt } from 'node:crypto'
import type { Browser, Locator } from 'playwright-core'
import { afterAll, beforeAll, onTestFailed, test } from 'vitest'
import { startBrowser } from '../support/browser.ts'
import { Random } from '../support/random.ts'
import { eventually, numbers, openBoard, preparingSide, readySide } from './board.ts'
import { ready, toMake } from './console.ts'
import { integrator, type Move, type Placed } from './orders.ts'
import { openConsole, startShop } from './screen.ts'

let browser: Browser
beforeAll(async () => {
  browser = await startBrowser()
})
afterAll(() => browser.close())

test('two consoles and three boards agree with the shop, whatever was done, and also who was cut off meanwhile', async () => {
  const seed = Number(process.env.SEED) || randomInt(2 ** 31)
  onTestFailed(() => console.error(`SEED=${seed}`))
  const random = new Random(seed)
  const api = await startShop()
  const { place, move } = await integrator(api)
  const consoles = [await openConsole(browser, api), await openConsole(browser, api)]
  const query = '?ready=1'
  const boards = [
    await openBoard(browser, api, { query }),
    await openBoard(browser, api, { query }),
    await openBoard(browser, api, { query, losesApi: true }),
  ]
  const state = new Map<Placed, string>()
  const next: Record<string, [Move, string][]> = {
    RECEIVED: [
      ['startOrder', 'PREPARING'],
      ['markOrderReady', 'READY'],
      ['cancelOrder', 'CANCELLED'],
    ],
    PREPARING: [['markOrderReady', 'READY']],
    READY: [
      ['recallOrder', 'PREPARING'],
      ['completeOrder', 'PICKED_UP'],
    ],
  }
  const act = async (times: number) => {
    for (let nth = 0; nth < times; nth += 1) {
      const open = [...state].filter(([, status]) => next[status])
      // No more than are on one page of a board's side.
      if (open.length < 3 || (open.length < 6 && random.chance(40))) state.set(await place(), 'RECEIVED')
      else {
        const [order, status] = random.pick(open)
        const [name, to] = random.pick(next[status]!)
        await move(order, name)
        state.set(order, to)
      }
    }
  }

  await act(15)
  const cutOff = boards[2]!
  await cutOff.context().setOffline(true)
  await act(15)
  await cutOff.context().setOffline(false)
  await act(5)

  const inStatus = (...statuses: string[]) =>
    [...state]
      .filter(([, status]) => statuses.includes(status))
      .map(([{ number }]) => number)
      .sort()
  const making = inStatus('RECEIVED', 'PREPARING')
  const waiting = inStatus('READY')
  for (const page of consoles) {
    // A ticket that was cancelled under somebody's hands stays until it is touched.
    const tickets = (list: Locator) => list.getByRole('article').filter({ hasNotText: 'Do not make it' })
    const shown = async (list: Locator) =>
      (await tickets(list).getByRole('heading', { level: 3 }).allTextContents()).sort()
    await eventually(() => shown(toMake(page))).toEqual(making)
    await eventually(() => shown(ready(page))).toEqual(waiting)
  }
  for (const board of boards) {
    await eventually(async () => (await numbers(preparingSide(board)).allTextContents()).sort()).toEqual(
      making,
    )
    await eventually(async () => (await numbers(readySide(board)).allTextContents()).sort()).toEqual(waiting)
  }
})
