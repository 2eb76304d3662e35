import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { staffPin, type TestApi } from '../support/api.ts'
import { startBrowser } from '../support/browser.ts'
import { phoneCall } from '../support/phone-call.ts'
import { expectAccessible } from './accessible.ts'
import { reports } from './calls.ts'
import { keepPicture, overflow } from './looks.ts'
import { integrator } from './orders.ts'
import { openPanel } from './panels.ts'
import { minutesAgo, openConsole, openScreen, startShop } from './screen.ts'
import { playYesterday } from './shop-day.ts'

let browser: Browser
beforeAll(async () => {
  browser = await startBrowser()
})
afterAll(() => browser.close())

const lavish = {
  flavor: 'black milk tea',
  toppings: ['boba', 'egg pudding', 'crystal agar boba', 'vanilla cream'],
  addOns: ['matcha stencil on top'],
  sweetness: '25%',
  ice: 'less ice',
}

const open = (api: TestApi) =>
  openConsole(browser, api, { viewport: { width: 1366, height: 900 }, deviceScaleFactor: 0.75 })

/** Everything that a wet hand shall hit is large enough, and nothing reaches beyond the screen, from phone to laptop. */
async function expectFits(page: Page, panel: Locator): Promise<void> {
  for (const [width, height] of [
    [390, 844],
    [820, 1180],
    [1366, 900],
  ] as const) {
    await page.setViewportSize({ width, height })
    expect(await overflow(page)).toBeLessThanOrEqual(0)
    const wide = await panel.evaluate(element => element.scrollWidth - element.clientWidth)
    expect(wide, `at ${width}`).toBeLessThanOrEqual(0)
    const targets = panel.locator(
      'button, summary, label:has(input), input:not([type=radio], [type=checkbox])',
    )
    const small = await targets.evaluateAll(all =>
      all
        .filter(each => each.getBoundingClientRect().height < 64 || each.getBoundingClientRect().width < 64)
        .map(each => each.outerHTML),
    )
    expect(small, `at ${width}`).toEqual([])
  }
}

test('sold out and pause', async () => {
  const api = await startShop()
  const staff = await api.signIn()
  const { data } = await api.ask<{ menu: { items: { id: string; name: string }[] } }>(
    '{ menu { items { id name } } }',
  )
  const boba = data.menu.items.find(({ name }) => name === 'boba')!
  await api.ask(
    `mutation ($item: ID!) {
      setAvailability(item: $item, available: false, period: ONE_HOUR) { __typename }
      delayOrdering(input: { minutes: 10, period: ONE_HOUR }) { __typename }
    }`,
    { item: boba.id },
    staff,
  )
  const page = await open(api)
  const panel = await openPanel(page, 'Sold out')
  await panel.getByText('Sold out until').waitFor()
  await keepPicture(page, 'panel-sold-out')
  await expectFits(page, panel)
})

test('calls, on the line and so far', async () => {
  const api = await startShop()
  const key = await api.key('calls:write')
  const { says, end } = reports(api, key)
  await playYesterday(api)
  const { id, run } = await minutesAgo(1.4, () => phoneCall(api, key, { from: '+15551234567' }))
  await run('addToCart', { drink: { flavor: 'taro', toppings: ['boba'], sweetness: '25%', ice: 'less' } })
  await run('confirmPendingToCart')
  await run('addToCart', { drink: lavish })
  await says(id, 0, [
    { speaker: 'CALLER', text: 'And a black milk tea with everything in it, please.' },
    { speaker: 'AGENT', text: 'That is one black milk tea with everything. Is that right?' },
  ])
  const other = await minutesAgo(0.2, () => phoneCall(api, key, { from: '+15557654321' }))
  await says(other.id, 0, [{ speaker: 'AGENT', text: 'Hey! What would you like to order?' }])
  const page = await open(api)
  const panel = await openPanel(page, 'Calls')
  await panel.getByText('Is that right?').waitFor()
  await keepPicture(page, 'panel-calls')
  await expectFits(page, panel)

  await end(other.id, 'CALLER_HUNG_UP')
  await panel.getByRole('tab', { name: 'Calls so far' }).click()
  await panel.getByText('abandoned').first().waitFor()
  await panel.locator('[aria-expanded]').nth(2).click()
  await panel.getByText('What was said').waitFor()
  await expectFits(page, panel)
})

test('the numbers of a day', async () => {
  const api = await startShop()
  await playYesterday(api)
  const page = await open(api)
  const panel = await openPanel(page, 'Numbers')
  await panel.getByRole('button', { name: 'Yesterday' }).click()
  await panel.getByRole('img').last().waitFor()
  await keepPicture(page, 'panel-numbers')
  await expectAccessible(page, 'dialog')
  await expectFits(page, panel)
  await panel.getByText('All of it as a table').click()
  await expectAccessible(page, 'dialog')
})

test('labels and what was found', async () => {
  const api = await startShop()
  const { number } = await (await integrator(api)).place({ drinks: [lavish, lavish], name: 'Ada Lovelace' })
  const page = await open(api)
  const found = await openPanel(page, 'Find')
  await page.keyboard.type(number)
  await page.keyboard.press('Enter')
  await found.getByText('Order text').waitFor()
  await expectFits(page, found)
  await found.getByRole('button', { name: 'Print labels' }).click()
  const panel = page.getByRole('dialog', { name: `Labels of order ${number}` })
  await panel.getByText('57 × 32 mm').click()
  await panel.locator('.label').first().waitFor()
  await keepPicture(page, 'label')
  await expectFits(page, panel)
})

test('every panel speaks Spanish', async () => {
  const api = await startShop()
  const page = await openScreen(browser, `${api.url}/barista/`, { locale: 'es-MX' })
  await page.getByRole('textbox').fill(staffPin)
  await page.keyboard.press('Enter')
  for (const [name, words] of [
    ['Agotado', 'Se aceptan pedidos, por teléfono y desde otros programas.'],
    ['Llamadas', 'No hay nadie en línea.'],
    ['Buscar', 'Número de pedido, o las últimas cifras del teléfono'],
    ['Cifras', 'Este día no pasó nada.'],
  ] as const) {
    await page.getByRole('button', { name, exact: true }).click()
    const panel = page.getByRole('dialog')
    await panel.getByText(words).waitFor()
    await expectFits(page, panel)
    await panel.getByRole('button', { name: 'Cerrar' }).click()
    await panel.waitFor({ state: 'detached' })
  }
})
