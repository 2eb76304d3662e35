import { readFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { startBrowser } from '../support/browser.ts'
import { startProxy } from '../support/proxy.ts'
import { axeFindings } from './axe.ts'
import { eventually, openBoard, setPhone } from './board.ts'
import { integrator, type Drink, type Integrator, taro } from './orders.ts'
import { contrast, overflow } from './looks.ts'
import { minutesAgo, openConsole, openScreen, startShop, Streams } from './screen.ts'

let browser: Browser
beforeAll(async () => {
  browser = await startBrowser()
})
afterAll(() => browser.close())

const kept = [
  'board-12',
  'board-empty',
  'board-ready',
  'board-ready-takeover',
  'board-lost',
  'console-light',
  'console-dark',
  'console-tablet-light',
  'console-undo',
  'console-offline',
  'console-es',
  'sign-in-light',
]

/**
 * Keeps a picture of a screen for the README when asked to:
 * `npm run build && SCREENSHOTS=1 npx vitest run tests/clients/screens.test.ts`
 */
async function picture(page: Page, name: string): Promise<void> {
  if (process.env.SCREENSHOTS && kept.includes(name)) {
    await page.screenshot({ path: `docs/screens/${name}.png` })
  }
}

async function readable(least: number, texts: Locator[]): Promise<void> {
  for (const text of texts) expect(await contrast(text.first()), String(text)).toBeGreaterThanOrEqual(least)
}

const lavish: Drink = {
  flavor: 'black milk tea',
  toppings: ['boba', 'egg pudding', 'crystal agar boba', 'vanilla cream'],
  addOns: ['matcha stencil on top'],
  sweetness: '25%',
  ice: 'less ice',
}

describe('the board', () => {
  // Its picture says that the screen stays on.
  let browser: Browser
  beforeAll(async () => {
    browser = await startBrowser({ withScreen: true })
  })
  afterAll(() => browser.close())
  const options = {
    viewport: { width: 1280, height: 720 },
    // Coarse pictures are small ones.
    deviceScaleFactor: 0.6,
  }
  const texts = (board: Page, ...words: (string | RegExp)[]) => words.map(word => board.getByText(word))

  /** Contrast that can be trusted: it is measured as if nothing shone through. */
  async function clear(board: Page, seen: Locator[]): Promise<void> {
    const through = board.locator('.board, .board *')
    expect(
      await through.evaluateAll(all => all.filter(one => getComputedStyle(one).opacity !== '1').length),
    ).toBe(0)
    await readable(7, seen)
    expect(await axeFindings(board)).toEqual([])
  }

  /** What has to hold whatever is on the board. */
  async function looksRight(board: Page, name: string, seen: Locator[]): Promise<void> {
    await picture(board, name)
    await clear(board, [board.getByText('BobaRista'), ...seen])
    for (const [width, height] of [
      [1920, 1080],
      [1080, 1920],
      [3840, 2160],
      [1024, 600],
    ] as const) {
      await board.setViewportSize({ width, height })
      await eventually(() => overflow(board)).toBeLessThanOrEqual(0)
      const { y } = (await board.getByText('We text you').boundingBox())!
      expect(y, 'the foot is on the screen').toBeLessThan(height)
    }
    await board.setViewportSize(options.viewport)
  }

  test.each([0, 3, 12])('with %i orders fits a TV and has contrast enough for ten metres', async count => {
    const api = await startShop()
    const { place, move } = await integrator(api)
    if (count !== 3) await setPhone(api, '+15550001111')
    const orders = []
    for (let nth = 0; nth < count; nth += 1) orders.push(await minutesAgo(count - nth, () => place()))
    for (const order of orders.slice(0, count / 3)) await move(order, 'startOrder')
    const board = await openBoard(browser, api, options)
    await eventually(() => board.getByRole('listitem').count()).toBe(count)
    await looksRight(board, count ? `board-${count}` : 'board-empty', [
      board.getByRole('heading', { level: 1 }),
      board.getByText('Live', { exact: true }),
      ...texts(board, 'Preparing', 'Order now', /about \d+ min/, /[AP]M$/, 'We text you'),
      ...texts(board, 'Screen stays on', 'Full screen'),
      ...(count
        ? [...texts(board, 'in line', 'being made'), board.locator('strong.number')]
        : [board.getByRole('heading', { level: 2 }), ...texts(board, 'Order by phone', '(555) 000-1111')]),
    ])
  })

  test('with orders to pick up, one of them being called, and with a lost link, is as easy to read', async () => {
    const api = await startShop()
    const { place, move } = await integrator(api)
    await setPhone(api, '+15550001111')
    const orders = []
    for (let nth = 0; nth < 9; nth += 1) orders.push(await minutesAgo(20 - nth, () => place()))
    const [called, ...ready] = orders.slice(0, 4)
    for (const [nth, order] of ready.entries()) {
      await minutesAgo(12 - 5 * nth, () => move(order, 'markOrderReady'))
    }
    for (const order of orders.slice(4, 6)) await move(order, 'startOrder')
    const proxy = await startProxy(api.url)
    onTestFinished(() => proxy.close())
    const board = await openBoard(browser, api, {
      ...options,
      query: '?ready=1',
      url: proxy.url,
      losesApi: true,
    })
    const tiles = [...texts(board, 'in line', 'being made', 'last call!'), board.locator('strong.number')]
    tiles.push(board.getByText('ready', { exact: true }))
    await eventually(() => board.getByRole('listitem').count()).toBe(9)
    await looksRight(board, 'board-ready', [
      board.getByRole('heading', { level: 1 }),
      board.getByRole('heading', { level: 2 }),
      ...tiles,
      ...texts(board, 'Order by phone', '(555) 000-1111', 'No sound yet'),
    ])

    await move(called!, 'markOrderReady')
    const words = texts(board, 'Please come to the counter', called!.number)
    await words[0]!.waitFor()
    await looksRight(board, 'board-ready-takeover', [words[0]!, words[1]!.last()])
    await board.clock.fastForward(6_000)
    await words[0]!.waitFor({ state: 'detached' })

    proxy.freeze()
    await board.clock.fastForward(11_000)
    await board.locator('[data-freshness=stale]').waitFor()
    await clear(board, [...tiles, ...texts(board, 'Last update')])
    await board.clock.fastForward(14_000)
    await board.getByRole('alert').waitFor()
    await looksRight(board, 'board-lost', [
      ...tiles,
      board.getByRole('alert'),
      ...texts(board, 'Last update'),
    ])
  })

  test('that has no picture yet says that it is connecting', async () => {
    const api = await startShop()
    const board = await openScreen(browser, `${api.url}/board/`, {
      prepare: page => page.route('**/graphql', () => undefined),
    })
    await board.getByText('Connecting to the shop…').waitFor()
    await clear(board, texts(board, 'Connecting to the shop…', 'We text you'))
  })

  test('moves nothing for those who asked their device for less motion', async () => {
    const api = await startShop()
    const { place, move } = await integrator(api)
    const order = await place()
    for (const [reducedMotion, moves] of [
      ['reduce', false],
      ['no-preference', true],
    ] as const) {
      const board = await openBoard(browser, api, { query: '?ready=1', reducedMotion })
      const animation = (selector: string) =>
        board.locator(selector).evaluate(element => getComputedStyle(element).animationName)
      await eventually(async () => (await animation('.tile')) !== 'none').toBe(moves)
      await move(order, 'markOrderReady')
      await eventually(async () => (await animation('.over')) !== 'none').toBe(moves)
      await move(order, 'recallOrder')
    }
  })
})

/** Saturday: two are ready, four to be made, of all kinds. */
async function rush({ place, move }: Integrator): Promise<void> {
  for (const minutes of [24, 18]) {
    const order = await minutesAgo(minutes, () => place({ name: 'Grace' }))
    await minutesAgo(minutes - 5, () => move(order, 'markOrderReady'))
  }
  const six = [taro, lavish, { ...taro, toppings: ['boba'] }, taro, lavish, { ...taro, ice: 'no ice' }]
  await move(await minutesAgo(12, () => place({ drinks: six, name: 'Ada' })), 'startOrder')
  await minutesAgo(9, () =>
    place({
      drinks: [lavish],
      name: 'Maximiliana Featherstonehaugh-Cholmondeley',
      phone: '+442079460018',
    }),
  )
  await minutesAgo(3, () => place({ drinks: [{ flavor: 'black', toppings: ['boba'], sweetness: '75%' }] }))
  await place({ drinks: [{ flavor: 'taro', toppings: ['egg pudding'], ice: 'extra ice' }, taro] })
}

describe.each(['light', 'dark'] as const)('the console, %s,', colorScheme => {
  test('fits a phone, a tablet, a laptop and 27 inches, and can be read', async () => {
    const api = await startShop()
    await rush(await integrator(api))
    const viewport = { width: 1366, height: 768 }
    const deviceScaleFactor = 0.75
    const door = await openScreen(browser, `${api.url}/barista/`, {
      colorScheme,
      viewport,
      deviceScaleFactor,
    })
    await door.getByLabel('Staff PIN').waitFor()
    await picture(door, `sign-in-${colorScheme}`)
    expect(await door.evaluate(() => document.documentElement.scrollHeight)).toBe(viewport.height)
    await readable(4.5, [
      door.getByRole('heading'),
      door.getByText('Staff PIN'),
      door.getByRole('button', { name: '5' }),
      door.getByRole('button', { name: 'Sign in' }),
    ])

    const page = await openConsole(browser, api, { colorScheme, viewport, deviceScaleFactor })
    await page.getByText('Ready text').nth(1).waitFor()
    await picture(page, `console-${colorScheme}`)
    expect(await overflow(page)).toBeLessThanOrEqual(0)
    const done = page.getByRole('button', { name: /^Done, order/ })
    for (const button of (await done.all()).slice(0, 3)) {
      const { y, height } = (await button.boundingBox())!
      expect(height).toBeGreaterThanOrEqual(64)
      expect(y + height, 'in reach, however many cups lie above it').toBeLessThanOrEqual(viewport.height)
    }
    await readable(4.5, [
      page.getByRole('heading', { level: 1 }),
      page.getByRole('heading', { level: 2 }),
      page.getByRole('heading', { level: 3 }),
      page.getByText('★ New'),
      page.getByText('getting late'),
      page.getByText('being made', { exact: true }),
      page.getByText('12 min'),
      page.getByText('no toppings'),
      page.getByText('matcha stencil on top'),
      page.getByText('50% sweet'),
      page.getByText('25% sweet'),
      page.getByText('Order text'),
      page.getByRole('button', { name: 'Cancel order' }),
      page.getByRole('button', { name: 'Start order' }),
      done,
      page.getByRole('button', { name: 'Picked up' }),
    ])

    await page.setViewportSize({ width: 800, height: 1280 })
    await picture(page, `console-tablet-${colorScheme}`)
    expect(await overflow(page)).toBeLessThanOrEqual(0)
    await page.getByRole('button', { name: 'Ready 2' }).click()
    await page.getByRole('region', { name: /^Ready for pickup/ }).waitFor()
    await page.getByRole('region', { name: /^To make/ }).waitFor({ state: 'hidden' })
    await page.setViewportSize({ width: 390, height: 844 })
    expect(await overflow(page)).toBeLessThanOrEqual(0)
    await page.getByRole('button', { name: 'Cancel order' }).first().click()
    await page.getByRole('dialog').waitFor()
    expect(await overflow(page)).toBeLessThanOrEqual(0)
    await readable(4.5, [
      page.getByRole('dialog').getByRole('heading'),
      page.getByRole('radio').locator('..'),
      page.getByRole('button', { name: 'Keep order' }),
      page.getByRole('dialog').getByRole('button', { name: 'Cancel order' }),
    ])
    await page.keyboard.press('Escape')
    for (const [width, height] of [
      [2560, 1440],
      [1024, 768],
    ] as const) {
      await page.setViewportSize({ width, height })
      expect(await overflow(page)).toBeLessThanOrEqual(0)
    }
  })
})

test('the console while something can be undone, in Spanish, and without a connection', async () => {
  const api = await startShop({ env: { READY_HOLD_SECONDS: '60' } })
  await rush(await integrator(api))
  const streams = new Streams()
  const page = await openConsole(browser, api, {
    viewport: { width: 1366, height: 768 },
    deviceScaleFactor: 0.75,
    prepare: page => streams.prepare(page),
  })
  await page.getByRole('button', { name: /^Cup 1 of 6/ }).click()
  await page.getByText('1/6').waitFor({ state: 'detached' })
  await page
    .getByRole('button', { name: /^Done, order/ })
    .nth(1)
    .click()
  await page.getByRole('button', { name: /^Undo, order/ }).waitFor()
  await picture(page, 'console-undo')
  const undo = (await page.getByRole('button', { name: /^Undo, order/ }).boundingBox())!
  const ticket = (await page.getByRole('article').nth(1).boundingBox())!
  expect(undo.x + undo.width).toBeLessThan(ticket.x + ticket.width)

  await page.keyboard.press('o')
  await page.getByRole('radio', { name: 'Español' }).check()
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: /^Deshacer, pedido/ }).waitFor()
  await picture(page, 'console-es')
  expect(await overflow(page)).toBeLessThanOrEqual(0)

  await page.keyboard.press('o')
  await page.getByRole('radio', { name: 'English' }).check()
  await page.keyboard.press('Escape')
  await streams.freeze()
  await page.route('**/graphql', route => route.abort())
  await page.clock.fastForward(11_000)
  await page.getByText(/s old$/).waitFor()
  await page.getByRole('button', { name: /^Cup 2 of 6/ }).click()
  await page
    .getByRole('button', { name: /^Done, order/ })
    .last()
    .click()
  await page.getByText('2 taps wait to be sent').waitFor()
  await page.clock.fastForward(10_000)
  await page.getByText('Not connected: new orders are not shown.').waitFor()
  await page.evaluate(() => scrollTo(0, 0))
  await picture(page, 'console-offline')
})

/** Files that a page needs before it can run: its own, and all that these import not only on demand. */
async function neededAtOnce(name: string): Promise<Map<string, Buffer>> {
  const folder = new URL(`../../dist/clients/${name}/`, import.meta.url)
  const files = new Map<string, Buffer>()
  const add = async (path: string): Promise<void> => {
    if (files.has(path)) return
    const content = await readFile(new URL(path, folder))
    files.set(path, content)
    if (!path.endsWith('.js')) return
    for (const [, imported] of String(content).matchAll(/(?:\bfrom|\bimport)\s*"\.\/([^"]+)"/g)) {
      await add(`assets/${imported}`)
    }
  }
  await add('index.html')
  for (const [, path] of String(files.get('index.html')).matchAll(/(?:src|href)="\/\w+\/([^"]+)"/g)) {
    await add(path!)
  }
  return files
}

test.each([
  ['board', 40],
  ['barista', 60],
])('all that /%s/ loads at first is at most %i kB, gzipped', async (name, limit) => {
  const files = await neededAtOnce(name)
  expect([...files.keys()].filter(path => path.endsWith('.js')).length).toBeGreaterThan(0)
  const sizes = [...files.values()].map(content => gzipSync(content).length)
  const size = sizes.reduce((sum, each) => sum + each, 0) / 1_000
  expect(size, `${name} is ${size} kB`).toBeLessThanOrEqual(limit)
})

test.each(['board', 'barista'])('/%s/ may run nothing but its own files', async name => {
  const api = await startShop()
  const { headers } = await fetch(`${api.url}/${name}/`)
  const policy = headers.get('Content-Security-Policy')
  expect(policy).toContain("default-src 'self'")
  expect(policy).not.toMatch(/unsafe|\*|https?:/)
})
