import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { expect, onTestFinished, vi } from 'vitest'
import { type ApiOptions, startApi, staffPin, type TestApi } from '../support/api.ts'

const built = new URL('../../dist/clients/', import.meta.url)

/** The real api with the built screens, closed when the test is over. Its streams beat often, to keep tests short. */
export async function startShop(options: ApiOptions = {}): Promise<TestApi> {
  const api = await startApi({
    log: { heartbeat: 300 },
    ...options,
    server: { ...options.server, screensFolder: built },
  })
  onTestFinished(() => api.close().catch(() => {}))
  return api
}

/** Runs something at another time of day: whoever asks for the time meanwhile is told so many minutes ago. */
export async function minutesAgo<T>(minutes: number, work: () => Promise<T>): Promise<T> {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - minutes * 60_000 })
  try {
    return await work()
  } finally {
    vi.useRealTimers()
  }
}

export interface ScreenOptions extends BrowserContextOptions {
  /** The api goes away in this test, and the browser may say in its console that it does not answer. */
  losesApi?: boolean
  /** The api refuses somebody in this test, and the browser may say in its console that it does. */
  refused?: boolean
  /** Its time is that of the world, for a page that measures it. */
  realTime?: boolean
  /** Called with the page before it is sent to its address. */
  prepare?: (page: Page) => unknown
}

/**
 * Opens a screen in a browser profile of its own whose time can be put forward, and closes it when the test is over.
 * The test fails when the page has thrown, has written an error to its console (so does the browser when the page
 * broke its content security policy), or has asked another host for anything.
 */
export async function openScreen(
  browser: Browser,
  address: string,
  { losesApi = false, refused = false, realTime = false, prepare, ...options }: ScreenOptions = {},
): Promise<Page> {
  const context = await browser.newContext({ reducedMotion: 'reduce', ...options })
  // Shorter than a test may take, so that a failure names what was waited for.
  context.setDefaultTimeout(25_000)
  const page = await context.newPage()
  const { host } = new URL(address)
  const faults: string[] = []
  const lost = /net::ERR_|WebSocket connection to/
  page.on('pageerror', error => faults.push(String(error)))
  page.on('console', message => {
    if (message.type() !== 'error' || (losesApi && lost.test(message.text()))) return
    if (refused && message.text().includes('status of 401')) return
    faults.push(message.text())
  })
  const askHost = (url: string) => {
    if (new URL(url).host !== host) faults.push(`asked another host: ${url}`)
  }
  page.on('request', request => askHost(request.url()))
  page.on('websocket', socket => askHost(socket.url()))
  onTestFinished(async () => {
    await context.close()
    expect(faults).toEqual([])
  })
  if (!realTime) await page.clock.install()
  await prepare?.(page)
  await page.goto(address)
  return page
}

/** Opens the console of a shop and signs in. */
export async function openConsole(
  browser: Browser,
  api: TestApi,
  options: ScreenOptions = {},
): Promise<Page> {
  const page = await openScreen(browser, `${api.url}/barista/`, options)
  await page.getByLabel('Staff PIN').fill(staffPin)
  await page.keyboard.press('Enter')
  await page.getByText('● Live', { exact: true }).waitFor()
  // Now there is somebody who takes taps and keys.
  await page.locator('main:not([inert])').waitFor()
  return page
}

/** Everything a page gets from the api from now on, as text. */
export function received(page: Page): () => Promise<string> {
  const parts: Promise<string>[] = []
  page.on('response', response => {
    if (new URL(response.url()).pathname === '/graphql') parts.push(response.text())
  })
  page.on('websocket', socket =>
    socket.on('framereceived', ({ payload }) => parts.push(Promise.resolve(String(payload)))),
  )
  return async () => (await Promise.all(parts)).join('\n')
}

/** The event streams of a page, which can be frozen: open as before, but nothing comes through any more. */
export class Streams {
  /** What was sent while they were frozen, and has not arrived. */
  readonly dropped: string[] = []
  readonly #live = Promise.withResolvers<void>()
  #frozen = false

  /** Goes between a page and its next streams. */
  async prepare(page: Page): Promise<void> {
    await page.routeWebSocket(/\/graphql$/, socket => {
      const server = socket.connectToServer()
      server.onMessage(message => {
        if (this.#frozen) return void this.dropped.push(String(message))
        socket.send(message)
        if (String(message).includes('"type":"next"')) this.#live.resolve()
      })
    })
  }

  /** Waits until a stream has begun. */
  async freeze(): Promise<void> {
    await this.#live.promise
    this.#frozen = true
  }

  thaw(): void {
    this.#frozen = false
  }
}

/** Lets time pass for a page and for the shop behind it, which would otherwise tell the page what time it really is. */
export async function passTime(page: Page, ms: number): Promise<void> {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms })
  onTestFinished(() => void vi.useRealTimers())
  await page.clock.fastForward(ms)
}
