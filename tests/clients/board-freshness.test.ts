import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page, WebSocket, WebSocketRoute } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { TestApi } from '../support/api.ts'
import { startBrowser } from '../support/browser.ts'
import { type Proxy, startProxy } from '../support/proxy.ts'
import { countPictures, eventually, isLive, openBoard, shows } from './board.ts'
import { integrator } from './orders.ts'
import { openScreen, startShop, Streams } from './screen.ts'

let browser: Browser
beforeAll(async () => {
  browser = await startBrowser()
})
afterAll(() => browser.close())

async function proxyTo(api: TestApi): Promise<Proxy> {
  const proxy = await startProxy(api.url)
  onTestFinished(() => proxy.close())
  return proxy
}

/** Time goes by and the board hears nothing: first it dims, then it says so. */
async function goesBlind(board: Page): Promise<void> {
  await board.clock.fastForward(10_000)
  await board.getByText(/^Last update 1\d seconds ago$/).waitFor()
  expect(await board.locator('[data-freshness]').getAttribute('data-freshness')).toBe('stale')
  await board.clock.fastForward(10_000)
  await board
    .getByRole('alert')
    .getByText(/Connection lost 2\d seconds ago/)
    .waitFor()
}

/** The wait until the next attempt passes, and the board is live again. */
async function seesAgain(board: Page): Promise<void> {
  await board.clock.fastForward(8_000)
  await isLive(board)
  await board.getByRole('alert').waitFor({ state: 'detached' })
}

test('while the api is away the board says how old its picture is, and comes back with what happened', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bobarista-board-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const database = `sqlite:${join(folder, 'shop.db')}`
  let api = await startShop({ database })
  const { port } = new URL(api.url)
  const { place } = await integrator(api)
  const made = await place()
  const waiting = await place()
  const board = await openBoard(browser, api, { losesApi: true })
  await shows(board, [made, waiting])

  await api.close()
  await goesBlind(board)
  await shows(board, [made, waiting])

  api = await startShop({ database, server: { port: Number(port) } })
  const again = await integrator(api)
  await again.move(made, 'markOrderReady')
  const added = await again.place()
  await seesAgain(board)
  await shows(board, [waiting, added])
  const live = await again.place()
  await shows(board, [waiting, added, live])
})

test('a network that freezes, and ends no connection, is noticed and given up, and no order is missed', async () => {
  const api = await startShop()
  const { place, move } = await integrator(api)
  const proxy = await proxyTo(api)
  const first = await place()
  const sockets: WebSocket[] = []
  const board = await openBoard(browser, api, {
    url: proxy.url,
    losesApi: true,
    prepare: page => page.on('websocket', socket => sockets.push(socket)),
  })
  await shows(board, [first])

  proxy.freeze()
  const second = await place()
  await goesBlind(board)
  await board.clock.fastForward(30_000)
  await shows(board, [first])
  await board.getByText(/Connection lost [45]\d seconds ago/).waitFor()
  await move(first, 'markOrderReady')
  proxy.thaw()
  await seesAgain(board)
  await shows(board, [second])
  const third = await place()
  await shows(board, [second, third])
  expect(sockets.length).toBeGreaterThan(1)
  await eventually(() => sockets.filter(socket => !socket.isClosed()).length).toBe(1)
})

test('a stream that goes silent is given up and begun anew', async () => {
  const api = await startShop()
  const { place } = await integrator(api)
  const first = await place()
  const streams = new Streams()
  const board = await openBoard(browser, api, { prepare: page => streams.prepare(page) })
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
  await isLive(board)
})

test('a picture that never comes is asked for again', async () => {
  const api = await startShop()
  const { place } = await integrator(api)
  const first = await place()
  const board = await openScreen(browser, `${api.url}/board/`, {
    prepare: page => page.route('**/graphql', () => undefined, { times: 1 }),
  })
  await board.getByText('Connecting to the shop…').waitFor()
  await board.clock.fastForward(10_000)
  await board.clock.fastForward(1_000)
  await isLive(board)
  await shows(board, [first])
})

test('after a short break the stream goes on where it ended, without a new picture', async () => {
  const api = await startShop()
  const { place } = await integrator(api)
  const proxy = await proxyTo(api)
  const first = await place()
  let pictures = () => 0
  const asked: string[] = []
  const board = await openBoard(browser, api, {
    url: proxy.url,
    losesApi: true,
    prepare: page => {
      pictures = countPictures(page)
      page.on('websocket', socket =>
        socket.on('framesent', ({ payload }) => {
          if (String(payload).includes('"subscribe"')) asked.push(String(payload))
        }),
      )
    },
  })
  await shows(board, [first])
  const second = await place()
  await shows(board, [first, second])

  const { data } = await api.ask<{ board: { cursor: string } }>('{ board { cursor } }')
  proxy.cut()
  proxy.mend()
  const third = await place()
  await shows(board, [first, second, third])
  await isLive(board)
  expect(asked).toHaveLength(2)
  expect(asked[1]).toContain(`"after":"${data.board.cursor}"`)
  expect(pictures()).toBe(1)
})

test('where the log no longer reaches back to that place, there is a new picture', async () => {
  const api = await startShop()
  const { place } = await integrator(api)
  const first = await place()
  let pictures = () => 0
  let sockets: WebSocketRoute[] = []
  const board = await openBoard(browser, api, {
    prepare: page => {
      pictures = countPictures(page)
      return page.routeWebSocket(/\/graphql$/, socket => {
        const server = socket.connectToServer()
        const again = sockets.length === 1
        socket.onMessage(message =>
          server.send(again ? String(message).replace(/"after":"\d+"/, '"after":"999999"') : message),
        )
        sockets = [...sockets, socket]
      })
    },
  })
  await shows(board, [first])
  const second = await place()
  await shows(board, [first, second])
  await sockets[0]!.close({ code: 1012 })
  const third = await place()
  await shows(board, [first, second, third])
  await isLive(board)
  await eventually(() => sockets.length).toBe(3)
  expect(pictures()).toBe(2)
})

test('when the network or the screen comes back, a dead link is replaced at once', async () => {
  const api = await startShop()
  const { place } = await integrator(api)
  const streams = new Streams()
  let pictures = () => 0
  let sockets = 0
  const board = await openBoard(browser, api, {
    prepare: async page => {
      await streams.prepare(page)
      pictures = countPictures(page)
      page.on('websocket', () => (sockets += 1))
    },
  })
  const orders = [await place()]
  await shows(board, orders)
  const waking = [
    () => document.dispatchEvent(new Event('visibilitychange')),
    () => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })),
    () => dispatchEvent(new Event('online')),
  ]
  for (const wake of waking) {
    await streams.freeze()
    orders.push(await place())
    // No timer runs from here on, so that nothing but the event can have replaced the link.
    await board.clock.pauseAt((await board.evaluate(() => Date.now())) + 7_000)
    await shows(board, orders.slice(0, -1))
    streams.thaw()
    await board.evaluate(wake)
    await shows(board, orders)
    await board.clock.resume()
    await isLive(board)
  }

  const before = pictures()
  await board.evaluate(() => document.dispatchEvent(new Event('visibilitychange')))
  orders.push(await place())
  await shows(board, orders)
  expect(pictures(), 'a link that has just proven itself is kept').toBe(before)
  expect(sockets).toBe(4)
})

test('an event that was lost on the way is noticed with the next beat', async () => {
  const api = await startShop()
  const { place } = await integrator(api)
  const streams = new Streams()
  const board = await openBoard(browser, api, { prepare: page => streams.prepare(page) })
  const first = await place()
  await shows(board, [first])
  await streams.freeze()
  const second = await place()
  await eventually(() => streams.dropped.join()).toContain(second.number)
  streams.thaw()
  await shows(board, [first, second])
})

test('beats alone keep the picture fresh', async () => {
  const api = await startShop()
  let pictures = () => 0
  const board = await openBoard(browser, api, { prepare: page => (pictures = countPictures(page)) })
  for (let times = 0; times < 3; times += 1) {
    await board.clock.fastForward(11_000)
    await isLive(board)
  }
  expect(pictures()).toBe(1)

  await api.ask('mutation { pauseOrdering(paused: true) { id } }', {}, await api.key('menu:write'))
  await eventually(pictures).toBe(2)
  await isLive(board)
})
