import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { startBrowser } from '../support/browser.ts'
import { startProxy } from '../support/proxy.ts'
import { cup, cupsOf, Ears, gone, press, ready, staff, stateOf, ticket, toMake } from './console.ts'
import { integrator, taro } from './orders.ts'
import { openConsole, startShop } from './screen.ts'

let browser: Browser
beforeAll(async () => {
  browser = await startBrowser()
})
afterAll(() => browser.close())

/** A shop whose consoles reach it over a link that can be cut or frozen. */
async function startFarShop() {
  const api = await startShop()
  const link = await startProxy(api.url)
  onTestFinished(() => link.close())
  return { api, link, far: { ...api, url: link.url } }
}

test('what is tapped while the link is frozen waits in sight, can be taken back, and is sent in order when it is back', async () => {
  const { api, link, far } = await startFarShop()
  const { place, move } = await integrator(api)
  const [ticked, done, faster, gave, kept] = [
    await place({ drinks: [taro, taro] }),
    await place(),
    await place(),
    await place(),
    await place(),
  ]
  const ears = new Ears()
  const page = await openConsole(browser, far, { losesApi: true, prepare: page => ears.prepare(page) })
  await ticket(page, kept).waitFor()
  link.freeze()
  await page.clock.fastForward(10_500)
  await page.getByText(/^▲ 1\d s old$/).waitFor()
  await expect.poll(() => page.locator('.main').evaluate(main => getComputedStyle(main).opacity)).toBe('0.55')

  await cup(page, ticked, 1).click()
  await cup(page, ticked, 1).getByText('waiting to be sent').waitFor()
  await cup(page, ticked, 2).click()
  await cup(page, ticked, 2).click()
  await ticket(page, ticked).getByText('Waiting to be sent: Cup done', { exact: false }).waitFor()
  for (const order of [done, faster, gave, kept]) {
    await press(page, 'Done,', order)
    await ticket(page, order).getByText('Waiting to be sent: Done').waitFor()
  }
  await page.getByRole('button', { name: `Take back what waits for order ${kept.number}` }).click()
  await gone(ticket(page, kept).getByText('Waiting to be sent'))
  await page.getByText('4 taps wait to be sent when the connection is back.').waitFor()
  await press(page, 'Cancel', kept)
  await page.getByText(`Not connected, so nothing was sent for order ${kept.number}.`).waitFor()
  const stored = await page.evaluate(() => JSON.stringify({ ...localStorage }))
  expect(stored).toContain(done.id)
  expect(stored).not.toMatch(/taro|5551234567/)

  await page.clock.fastForward(10_000)
  await page.getByRole('alert').getByText('Not connected: new orders are not shown.').waitFor()
  await expect.poll(() => ears.heard()).toContain('lost')
  expect(await stateOf(api, done), 'nothing pretends').toMatchObject({ status: 'RECEIVED' })

  await move(faster, 'markOrderReady')
  await move(gave, 'cancelOrder')
  link.thaw()
  await page.clock.fastForward(8_000)
  await page.getByText('● Live', { exact: true }).waitFor()
  for (const order of [done, faster]) {
    await ready(page)
      .getByRole('article', { name: `Order ${order.number}` })
      .waitFor()
  }
  await page.getByText(`Order ${gave.number} is cancelled, so that cannot be done any more.`).waitFor()
  expect(await page.getByText(`Order ${faster.number} is already ready`).count(), 'as wished').toBe(0)
  await expect.poll(() => cupsOf(api, ticked)).toEqual([true, false])
  await gone(page.getByText('waiting to be sent'))
  await expect.poll(() => stateOf(api, kept)).toMatchObject({ status: 'RECEIVED' })
})

test('a tap survives a reload, and one that is too old is refused in sight', async () => {
  const { api, link, far } = await startFarShop()
  const { place } = await integrator(api)
  const [sent, old] = [await place(), await place()]
  const page = await openConsole(browser, far, { losesApi: true })
  await ticket(page, old).waitFor()
  await page.route('**/graphql', route => route.abort())
  await press(page, 'Done,', sent)
  await ticket(page, sent).getByText('Waiting to be sent: Done').waitFor()
  await page.unroute('**/graphql')
  link.cut()
  await page.clock.fastForward(3_500)
  link.mend()
  await page.reload()
  await ready(page)
    .getByRole('article', { name: `Order ${sent.number}` })
    .waitFor()

  await page.route('**/graphql', route => route.abort())
  await press(page, 'Done,', old)
  await ticket(page, old).getByText('Waiting to be sent: Done').waitFor()
  link.cut()
  await page.clock.fastForward(16 * 60_000)
  await page.unroute('**/graphql')
  link.mend()
  await page.clock.fastForward(8_000)
  await page
    .getByText(`Order ${old.number}: “Done” was tapped more than 15 minutes ago, so it was not sent.`)
    .waitFor()
  await expect.poll(() => stateOf(api, old)).toMatchObject({ status: 'RECEIVED' })
  await toMake(page)
    .getByRole('article', { name: `Order ${old.number}` })
    .waitFor()
})

test('with the api gone the console says so, and comes back by itself with all that happened', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bobarista-console-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const database = `sqlite:${join(folder, 'shop.db')}`
  let api = await startShop({ database })
  const { port } = new URL(api.url)
  const { place } = await integrator(api)
  const [order, cancelled] = [await place(), await place()]
  const page = await openConsole(browser, api, { losesApi: true })
  await ticket(page, cancelled).waitFor()

  await api.close()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByText('You are still signed in.').waitFor()
  await press(page, 'Done,', order)
  await ticket(page, order).getByText('Waiting to be sent: Done').waitFor()
  await page.clock.fastForward(10_000)
  await page.getByText(/^▲ 1\d s old$/).waitFor()
  await page.clock.fastForward(10_000)
  await page.getByText(/^What you see is 2\d seconds old\.$/).waitFor()

  api = await startShop({ database, server: { port: Number(port) } })
  const added = await (await integrator(api)).place()
  await (
    await staff(api)
  )(`cancelOrder(id: "${cancelled.id}", reason: "Sold out")`)
  await page.clock.fastForward(8_000)
  await page.getByText('● Live', { exact: true }).waitFor()
  await gone(page.getByText('Not connected: new orders'))
  await ticket(page, added).waitFor()
  await ready(page)
    .getByRole('article', { name: `Order ${order.number}` })
    .waitFor()
  await ticket(page, cancelled).getByText('Do not make it. Reason: Sold out').waitFor()
})
