import type { Browser, Locator, Page } from 'playwright-core'
import { encode } from 'uqr'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TestApi } from '../support/api.ts'
import { startBrowser } from '../support/browser.ts'
import { expectAccessible } from './accessible.ts'
import { overflow } from './looks.ts'
import { type Drink, integrator, type Placed, taro } from './orders.ts'
import { consoleWith } from './panels.ts'
import { startShop } from './screen.ts'

let browser: Browser
beforeAll(async () => {
  browser = await startBrowser()
})
afterAll(() => browser.close())

const everything: Drink = {
  flavor: 'black milk tea',
  toppings: ['boba', 'egg pudding', 'crystal agar boba', 'vanilla cream'],
  addOns: ['matcha stencil on top'],
  sweetness: '75%',
  ice: 'extra ice',
}

/** The sizes of a PDF's pages in millimetres. */
function pagesOf(pdf: Buffer): string[] {
  return [...pdf.toString('latin1').matchAll(/\/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]/g)].map(([, ...points]) =>
    points.map(each => Math.round((Number(each) / 72) * 25.4)).join('x'),
  )
}

/** Opens the labels of an order, in a browser whose printer only notes what is on the page. */
async function openLabels(
  api: TestApi,
  { number }: Placed,
  losesApi = false,
): Promise<{ page: Page; panel: Locator }> {
  const { page, panel: find } = await consoleWith(browser, api, 'Find', {
    losesApi,
    prepare: page =>
      page.addInitScript(() => {
        const printed: string[] = []
        window.print = () => printed.push(document.querySelector<HTMLElement>('.labels-print')!.textContent)
        Object.assign(window, { printed })
      }),
  })
  await page.keyboard.type(number)
  await page.keyboard.press('Enter')
  await find.getByRole('button', { name: `Print labels of order ${number}` }).click()
  const panel = page.getByRole('dialog', { name: `Labels of order ${number}` })
  await panel.getByRole('button', { name: /^Print/ }).waitFor()
  return { page, panel }
}

const printed = (page: Page) =>
  page.evaluate(() => (window as unknown as { printed: string[] }).printed.map(text => text.trim()))

const print = (page: Page) => page.pdf({ preferCSSPageSize: true, printBackground: true })

/** What of the labels lies outside of its label, on paper. */
async function cutOff(page: Page): Promise<string[]> {
  await page.emulateMedia({ media: 'print' })
  const outside = await page.locator('.labels-print .label').evaluateAll(labels =>
    labels.flatMap(label => {
      const paper = label.getBoundingClientRect()
      return [...label.children].flatMap(part => {
        const range = document.createRange()
        range.selectNodeContents(part)
        const { left, right, top, bottom } = range.getBoundingClientRect()
        const inside =
          left >= paper.left && right <= paper.right && top >= paper.top - 1 && bottom <= paper.bottom
        return inside ? [] : [`${part.className.toString()} ${part.textContent}`]
      })
    }),
  )
  await page.emulateMedia({ media: null })
  return outside
}

test('each cup has a label of the size of the paper, with all that is in it and a code that a scanner reads', async () => {
  const api = await startShop()
  const { place } = await integrator(api)
  const order = await place({
    drinks: [everything, taro, { ...everything, sweetness: '100%', ice: 'regular ice' }],
    name: 'Maximiliana Featherstonehaugh',
  })
  const { page, panel } = await openLabels(api, order)
  expect(pagesOf(await print(page))).toEqual(['40x30', '40x30', '40x30'])
  expect(await cutOff(page)).toEqual([])
  await panel.getByText('57 × 32 mm').click()
  expect(pagesOf(await print(page))).toEqual(['57x32', '57x32', '57x32'])
  expect(await cutOff(page)).toEqual([])

  const label = panel.locator('.label').first()
  const words = (await label.innerText()).replaceAll(/\s+/g, ' ')
  for (const part of [order.number, '1/3', 'Maximiliana', 'Black milk tea', '75% sweet', 'extra ice']) {
    expect(words).toContain(part)
  }
  for (const extra of [...everything.toppings!, ...everything.addOns!]) expect(words).toContain(`+ ${extra}`)
  const { data } = encode(`${order.number}-1`, { ecc: 'M', border: 2 })
  const modules = data.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : [])))
  expect(await label.locator('path').getAttribute('d')).toBe(modules.join(''))
  expect(words).not.toContain('Featherstonehaugh')
  expect(words).not.toContain('555')
  expect(words).toMatch(/\d+:\d\d [AP]M/)
  expect(await overflow(page)).toBeLessThanOrEqual(0)
  await expectAccessible(page, 'dialog')

  // The choice stays on this device.
  await page.reload()
  await page.getByRole('button', { name: 'Find', exact: true }).click()
  await page.getByRole('textbox').fill(order.number)
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: `Print labels of order ${order.number}` }).click()
  await expect.poll(() => page.getByRole('radio', { name: '57 × 32 mm' }).isChecked()).toBe(true)
})

test('only the chosen cups are printed, the api is told, and what is printed again says so', async () => {
  const api = await startShop()
  const { place } = await integrator(api)
  const order = await place({ drinks: [taro, { flavor: 'black' }, everything], name: 'Ada' })
  const { page, panel } = await openLabels(api, order, true)
  await page.keyboard.press('Escape')
  await panel.waitFor({ state: 'detached' })
  await page.getByRole('button', { name: `Labels of order ${order.number}` }).click()
  const cups = panel.getByRole('checkbox')
  await cups.nth(1).uncheck()
  await cups.nth(2).uncheck()
  await panel.getByRole('button', { name: 'Print 1 label' }).click()
  await panel.getByText('Handed to the printer').waitFor()
  expect(await labelPrints(api, order)).toEqual([1, 0, 0])
  expect(await printed(page)).toHaveLength(1)
  expect((await printed(page))[0]).toContain(`${order.number}1/3`)
  expect((await printed(page))[0]).not.toContain('REPRINT')
  expect(pagesOf(await print(page))).toEqual(['40x30'])

  await cups.nth(1).check()
  await panel.getByRole('button', { name: 'Print 2 labels' }).click()
  await expect.poll(async () => (await printed(page)).length).toBe(2)
  const [, second] = await printed(page)
  expect(second!.match(/REPRINT/g)).toHaveLength(1)
  expect(second!.indexOf('REPRINT')).toBeLessThan(second!.indexOf('2/3'))
  expect(await labelPrints(api, order)).toEqual([2, 1, 0])
  expect(await cutOff(page)).toEqual([])

  await cups.first().uncheck()
  await cups.nth(1).uncheck()
  await panel.getByText('Choose at least one cup.').waitFor()

  await cups.nth(2).check()
  await page.route('**/graphql', route => route.abort())
  await panel.getByRole('button', { name: 'Print 1 label' }).click()
  await panel.getByRole('alert').getByText('The server did not answer').waitFor()
  expect(await printed(page), 'nothing is printed that nobody would know of').toHaveLength(2)
})

async function labelPrints(api: TestApi, { id }: Placed): Promise<number[]> {
  const { data } = await api.ask<{ order: { items: { labelPrints: number }[] } }>(
    'query ($id: ID!) { order(id: $id) { items { labelPrints } } }',
    { id },
    await api.key('orders:read'),
  )
  return data.order.items.map(item => item.labelPrints)
}
