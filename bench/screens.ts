import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'
import { browsers } from '../scripts/set-up-tests.ts'
import type { Section } from './report.ts'
import { type Shop, startShop } from './shop.ts'
import { median, spread } from './statistics.ts'

const rounds = 9
/** How much slower than this machine the browser's processor is made. */
const slower = 4
const orders = 12
/** Milliseconds to the first order that can be seen. */
const wanted = 1_000
const staffPin = '135790'

const pages = [
  { name: 'board', path: '/board/', order: 'li strong' },
  { name: 'console', path: '/barista/', order: 'article h3' },
]

/** How soon the screens show the shop's orders, in a browser on a slow device. */
export async function screens(log: (line: string) => void): Promise<Section> {
  const executablePath = browsers.find(path => existsSync(path))
  if (!executablePath)
    throw new Error('There is no Chromium. Install it, on Debian: apt-get install chromium')
  const shop = await startShop({ scopes: ['orders:write'], rateLimitFactor: 1_000 })
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
  })
  try {
    for (let nth = 0; nth < orders; nth += 1) await place(shop, nth)
    const cookie = await signIn(shop)
    const rows = []
    const goals = []
    for (const { name, path, order } of pages) {
      const times: number[] = []
      for (let round = 0; round < rounds; round += 1) {
        times.push(await firstOrder(browser, shop, cookie, path, order))
      }
      log(`screens: ${name} ${spread(times, 0)} ms`)
      rows.push([name, spread(times, 0)])
      goals.push({
        what: `${name}: first orders seen, processor ${slower} × slower`,
        reach: `≤ ${wanted} ms`,
        measured: `${median(times).toFixed(0)} ms`,
        met: median(times) <= wanted,
      })
    }
    return {
      title: 'Screens',
      how: `\`npm run bench -- screens\`. From navigation to the frame in which the first of ${orders} orders is painted, in headless Chromium whose processor is slowed ${slower} × (\`Emulation.setCPUThrottlingRate\`), with an empty cache, the built screens served by the built api on loopback, staff signed in. Median of ${rounds}, with the least and the most.`,
      tables: [[['Screen', 'ms to the first order'], ...rows]],
      goals,
    }
  } finally {
    await browser.close()
    await shop.close()
  }
}

/** Notes when something is painted for the first time: the frame that holds it is over when the next one begins. */
const watch = (wanted: string) => `
  const watching = new MutationObserver(() => {
    if (!document.querySelector('${wanted}')) return
    watching.disconnect()
    requestAnimationFrame(() => requestAnimationFrame(() => (window.seenAt = performance.now())))
  })
  watching.observe(document, { childList: true, subtree: true })
`

async function firstOrder(
  browser: Browser,
  { url }: Shop,
  cookie: { name: string; value: string },
  path: string,
  order: string,
): Promise<number> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 } })
  try {
    await context.addCookies([{ ...cookie, url }])
    const page = await context.newPage()
    await (await context.newCDPSession(page)).send('Emulation.setCPUThrottlingRate', { rate: slower })
    await page.addInitScript({ content: watch(order) })
    await page.goto(url + path)
    const seen = await page.waitForFunction(() => (globalThis as { seenAt?: number }).seenAt)
    return (await seen.jsonValue()) as number
  } finally {
    await context.close()
  }
}

async function signIn({ url }: Shop): Promise<{ name: string; value: string }> {
  const { headers } = await ask(url, `mutation { signIn(pin: "${staffPin}") { __typename } }`)
  const [, name, value] = /^([^=]+)=([^;]+)/.exec(headers.get('Set-Cookie') ?? '') ?? []
  if (!name || !value) throw new Error('staff could not sign in')
  return { name, value }
}

async function place({ url, key }: Shop, nth: number): Promise<void> {
  const drinks = '{ flavor: "taro", toppings: ["boba"] }, { flavor: "black", sweetness: "25%" }'
  await ask(
    url,
    `mutation { placeOrder(idempotencyKey: "${nth}", input: { phone: "555-123-4567", drinks: [${drinks}] }) { __typename } }`,
    key,
  )
}

async function ask(url: string, query: string, key?: string): Promise<Response> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...(key && { Authorization: `Bearer ${key}` }) },
    body: JSON.stringify({ query }),
  })
  if (!response.ok) throw new Error(`the api answered ${response.status}`)
  return response
}
