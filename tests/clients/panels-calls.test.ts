import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startBrowser } from '../support/browser.ts'
import { phoneCall } from '../support/phone-call.ts'
import { expectAccessible } from './accessible.ts'
import { reports } from './calls.ts'
import { overflow } from './looks.ts'
import { consoleWith } from './panels.ts'
import { minutesAgo, startShop } from './screen.ts'

let browser: Browser
beforeAll(async () => {
  browser = await startBrowser()
})
afterAll(() => browser.close())

const from = '+15551234567'

test('a call on the line shows who it is, the cart as it grows, what is not confirmed yet, and the last words', async () => {
  const api = await startShop()
  const key = await api.key('calls:write')
  const { says, end } = reports(api, key)
  const call = await minutesAgo(2, () => phoneCall(api, key, { from }))
  const hidden = await phoneCall(api, key, { from: 'anonymous' })
  const { page, panel } = await consoleWith(browser, api, 'Calls', { viewport: { width: 390, height: 844 } })
  const card = panel.getByRole('article').filter({ hasText: '•••• 4567' })
  await card.getByText('No drink yet').waitFor()
  await card.getByText(/^2:0\d$/).waitFor()
  await panel.getByText('Live · On the line: 2').waitFor()
  await panel.getByText('Number withheld').waitFor()
  expect(await panel.innerText()).not.toContain('555')

  await call.run('addToCart', { drink: { flavor: 'taro', toppings: ['boba'], ice: 'less' } })
  const staged = card.getByRole('listitem').filter({ hasText: 'not confirmed yet' })
  await staged.getByText('taro milk tea').waitFor()
  expect(await card.getByText('Total so far').count()).toBe(0)
  await call.run('confirmPendingToCart')
  await staged.waitFor({ state: 'detached' })
  await card.getByText('Total so far').waitFor()
  await call.run('addToCart', { drink: { flavor: 'black' } })
  await staged.getByText('black milk tea').waitFor()
  const words = (await card.innerText()).replaceAll(/\s+/g, ' ')
  expect(words).toContain('Taro milk tea + boba · 50% · less ice $6.25')
  expect(words).toMatch(/Total so far ?\$6\.25/)

  await says(call.id, 0, [
    { speaker: 'AGENT', text: 'What would you like to order?' },
    { speaker: 'CALLER', text: 'A taro milk tea.' },
    { speaker: 'AGENT', text: 'Is that right?' },
  ])
  await card.getByText('Is that right?').waitFor()
  await card.getByText('A taro milk tea.').waitFor()
  expect(await card.getByText('What would you like').count()).toBe(0)
  expect(await overflow(page)).toBeLessThanOrEqual(0)
  await expectAccessible(page, 'dialog')

  const { orderNumber } = await call.run('checkoutOrder', { phone: 'caller id' })
  await card.getByText(`Order ${orderNumber}`).waitFor()
  await end(hidden.id, 'CALLER_HUNG_UP')
  await panel.getByText('Live · On the line: 1').waitFor()
  await end(call.id, 'GOODBYE')
  await panel.getByText('Nobody is on the line.').waitFor()
})

/** Between a page and its streams: what is open when they are frozen stays open, and nothing comes through any more. */
function freezable() {
  const frozen: (() => void)[] = []
  return {
    freeze: () => frozen.forEach(freeze => freeze()),
    prepare: (page: Page) =>
      page.routeWebSocket(/\/graphql$/, socket => {
        let through = true
        frozen.push(() => (through = false))
        socket.connectToServer().onMessage(message => through && socket.send(message))
      }),
  }
}

test('a silent stream is told in seconds, and the panel finds another one by itself', async () => {
  const api = await startShop()
  const key = await api.key('calls:write')
  await phoneCall(api, key, { from })
  const streams = freezable()
  const { page, panel } = await consoleWith(browser, api, 'Calls', { prepare: streams.prepare })
  await panel.getByText('•••• 4567').waitFor()
  streams.freeze()
  await phoneCall(api, key, { from: '+15557654321' })
  await page.clock.fastForward(11_000)
  await panel.getByText(/Not connected: what you see is 1\d s old/).waitFor()
  expect(await panel.getByText('•••• 4321').count()).toBe(0)
  await panel.getByText('•••• 4567').waitFor()
  await page.clock.fastForward(9_000)
  await panel.getByText('•••• 4321').waitFor()
  await panel.getByText('Live · On the line: 2').waitFor()
})

test('the calls so far open to all that happened; an abandoned one keeps its draft', async () => {
  const api = await startShop()
  const key = await api.key('calls:write')
  const { says, end } = reports(api, key)
  const number = await minutesAgo(40, async () => {
    const { id, run } = await phoneCall(api, key, { from })
    await run('addToCart', { drink: { flavor: 'taro', toppings: ['durian'] } })
    await run('addToCart', { drink: { flavor: 'taro', toppings: ['pearl'], sweetness: '25' } })
    await says(id, 0, [
      { speaker: 'AGENT', text: 'What would you like to order?' },
      { speaker: 'CALLER', text: 'Taro with pearls, a little sweet.' },
    ])
    const { orderNumber } = await run('checkoutOrder', { phone: 'caller id', name: 'Ada' })
    await end(id, 'GOODBYE', {
      ...{ durationMs: 61_000, interruptions: 2, droppedMs: 0, agentLosses: 0 },
      ...{ greetingMs: 240, replyMedianMs: 910, replyMaxMs: 1_430, functionMaxMs: 12 },
    })
    return orderNumber
  })
  await minutesAgo(30, async () => {
    const { id, run } = await phoneCall(api, key, { from: '+15557654321' })
    await run('addToCart', { drink: { flavor: 'black', toppings: ['cream'], addOns: ['matcha'] } })
    await run('confirmPendingToCart')
    await run('addToCart', { drink: { flavor: 'taro' } })
    await end(id, 'CALLER_HUNG_UP')
  })
  await minutesAgo(20, async () => end((await phoneCall(api, key)).id, 'SILENCE'))
  for (let nth = 0; nth < 20; nth += 1) {
    await minutesAgo(300 + nth, async () => end((await phoneCall(api, key)).id, 'CALLER_HUNG_UP'))
  }

  const { page, panel } = await consoleWith(browser, api, 'Calls')
  await panel.getByRole('tab', { name: 'On the line' }).focus()
  await page.keyboard.press('ArrowRight')
  const rows = panel.locator('[aria-expanded]')
  await expect.poll(() => rows.count()).toBe(20)
  expect(await rows.first().innerText()).toContain('no drink chosen')
  await panel.getByRole('button', { name: 'Older calls' }).click()
  await expect.poll(() => rows.count()).toBe(23)
  expect(await panel.getByRole('button', { name: 'Older calls' }).count()).toBe(0)

  const ordered = panel
    .getByRole('listitem')
    .filter({ has: page.getByRole('button', { name: `ordered ${number}` }) })
  await ordered.getByRole('button').click()
  await ordered.getByText('The agent said goodbye and hung up.').waitFor()
  const told = (await ordered.innerText()).replaceAll(/\s+/g, ' ')
  for (const words of [
    `Order ${number}`,
    'Taro milk tea + boba · 25% · regular ice $6.25',
    'Until the greeting 0.24 s',
    'Reply, median 0.91 s',
    'Interrupted by the guest 2',
    'Guest Taro with pearls, a little sweet.',
    'Agent What would you like to order?',
    'Staged a drink ✕ refused',
    'asked with drink taro, durian',
    'Placed the order',
    `order number ${number}`,
  ]) {
    expect(told).toContain(words)
  }
  expect(told).not.toMatch(/[{}[\]]|null|__typename/)
  await expectAccessible(page, 'dialog')

  await panel.getByRole('button', { name: 'Abandoned', exact: true }).click()
  await expect.poll(() => rows.count()).toBe(1)
  await rows.first().click()
  await panel.getByText('The guest hung up.').waitFor()
  const draft = (await panel.getByRole('listitem').first().innerText()).replaceAll(/\s+/g, ' ')
  expect(draft).toContain('abandoned')
  expect(draft).toContain('•••• 4321')
  expect(draft).toContain('Drinks that were never ordered')
  expect(draft).toContain('Black milk tea + vanilla cream + matcha stencil on top · 50% · regular ice $6.75')
  expect(draft).toMatch(/Taro milk tea · 50% · regular ice ⋯ not confirmed yet/)
})
