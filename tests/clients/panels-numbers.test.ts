import type { Browser, Locator } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startBrowser } from '../support/browser.ts'
import { consoleWith } from './panels.ts'
import { startShop } from './screen.ts'
import { playYesterday } from './shop-day.ts'

let browser: Browser
beforeAll(async () => {
  browser = await startBrowser()
})
afterAll(() => browser.close())

/** Whether each chart has anything of a colour on it. */
function paints(panel: Locator, color: readonly number[]): Promise<boolean[]> {
  return panel.getByRole('img').evaluateAll((canvases, [red, green, blue]) => {
    return canvases.map(canvas => {
      const { width, height } = canvas as HTMLCanvasElement
      const { data } = (canvas as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, width, height)
      return data.some((value, at) => {
        return at % 4 === 0 && value === red && data[at + 1] === green && data[at + 2] === blue
      })
    })
  }, color)
}

test('the numbers of a day are those of what happened, in words, as charts and as a table', async () => {
  const api = await startShop()
  const day = await playYesterday(api)
  const { page, panel } = await consoleWith(browser, api, 'Numbers')
  const tile = async (name: string) =>
    (
      await panel
        .getByRole('term')
        .filter({ hasText: name })
        .first()
        .locator('..')
        .getByRole('definition')
        .innerText()
    ).trim()
  await panel.getByText('Nothing happened on this day.').waitFor()
  expect(await tile('Orders')).toBe('0')

  await panel.getByRole('button', { name: 'Yesterday' }).click()
  await panel.getByRole('img').first().waitFor()
  const sorted = day.preparation.toSorted((a, b) => a - b)
  const rank = (share: number) => sorted[Math.ceil(sorted.length * share) - 1]! / 60
  expect(await tile('Orders')).toBe(String(day.orders))
  expect(await tile('Drinks')).toBe(String(day.drinks))
  expect(await tile('Median preparation')).toBe(`${rank(0.5)}:00 min`)
  expect(await tile('9 of 10 ready')).toBe(`${rank(0.9)}:00 min`)
  expect(await tile('Calls that ordered')).toBe(
    `${day.ordered} · ${Math.round((day.ordered / day.calls) * 100)}%`,
  )
  expect(await tile('Calls abandoned')).toBe(String(day.abandoned))

  await panel.getByRole('img', { name: `${day.ordered} of ${day.calls} calls ordered.` }).waitFor()
  for (const [colorScheme, accent] of [
    ['dark', [201, 162, 238]],
    ['light', [95, 53, 145]],
  ] as const) {
    await page.emulateMedia({ colorScheme })
    await expect.poll(() => paints(panel, accent), { message: colorScheme }).toEqual([true, true, true])
  }

  await panel.getByText('All of it as a table').click()
  const rows = await panel.getByRole('row').allInnerTexts()
  expect(rows.map(row => row.split(/\t/)[0])).toEqual([
    ...['Hour', '11 AM', '12 PM', '1 PM', '2 PM', '3 PM', '4 PM', '5 PM', '6 PM'],
  ])
  expect(rows[2]).toMatch(/12 PM\t4\t5\t3\t2\t\d+:00 min/)
  expect(rows[4], 'an hour without anything is there').toMatch(/2 PM\t0\t0\t0\t0\t–/)

  await panel.getByLabel('Day', { exact: true }).fill('2020-02-29')
  await panel.getByText('Nothing happened on this day.').waitFor()
  expect(await panel.getByRole('img').count()).toBe(0)
})

test('the chart library is loaded when the numbers are opened, not before', async () => {
  const api = await startShop()
  const loaded: string[] = []
  const { page } = await consoleWith(browser, api, 'Find', {
    prepare: page => page.on('request', request => loaded.push(request.url())),
  })
  const numbers = () => loaded.filter(url => url.includes('NumbersPanel'))
  expect(numbers()).toEqual([])
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Numbers', exact: true }).click()
  await page.getByRole('dialog', { name: 'Numbers of the day' }).waitFor()
  expect(numbers().length).toBeGreaterThan(0)
})
