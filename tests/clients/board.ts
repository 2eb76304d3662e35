import type { Browser, Locator, Page } from 'playwright-core'
import { expect, onTestFinished, vi } from 'vitest'
import type { TestApi } from '../support/api.ts'
import type { Placed } from './orders.ts'
import { openScreen, type ScreenOptions } from './screen.ts'

export interface BoardOptions extends ScreenOptions {
  /** What follows the board's address, e.g. "?ready=1". */
  query?: string
  /** Where it is opened; the api's own address if omitted. */
  url?: string
}

/** Opens a board on a TV and waits until it is live. */
export async function openBoard(
  browser: Browser,
  api: TestApi,
  { query = '', url = api.url, ...options }: BoardOptions = {},
): Promise<Page> {
  const board = await openScreen(browser, `${url}/board/${query}`, {
    viewport: { width: 1920, height: 1080 },
    ...options,
  })
  await isLive(board)
  return board
}

export const isLive = (board: Page) => board.getByText('Live', { exact: true }).waitFor()

/** Waits for something that a browser on a busy machine may take its time for. */
export const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 20_000 })

/** The numbers on a board, or on one side of it. */
export const numbers = (side: Page | Locator) => side.getByRole('listitem').locator('strong')

/** Waits until exactly these orders are on a board, or on one side of it, in this order. */
export const shows = (side: Page | Locator, orders: Placed[]) =>
  eventually(() => numbers(side).allTextContents()).toEqual(orders.map(({ number }) => number))

export const preparingSide = (board: Page) => board.getByRole('list', { name: 'Orders being prepared' })
export const readySide = (board: Page) => board.getByRole('list', { name: 'Orders ready for pickup' })

/** Gives the shop a number that guests can call. */
export async function setPhone(api: TestApi, phone: string): Promise<void> {
  await api.orm.em.fork().execute('update shop set phone = ?', [phone])
}

/** Sets the api's clock, which then stands still until the test is over; boards go by it with the next beat. */
export function setTime(now: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now })
  onTestFinished(() => void vi.useRealTimers())
}

/** Counts the pictures a page asks the api for. */
export function countPictures(page: Page): () => number {
  let count = 0
  page.on('request', request => (count += Number(request.method() === 'POST')))
  return () => count
}
