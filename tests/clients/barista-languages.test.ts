import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { en } from '../../clients/barista/src/i18n/en.ts'
import { later } from '../../clients/barista/src/i18n/en-later.ts'
import { staffPin } from '../support/api.ts'
import { startBrowser } from '../support/browser.ts'
import { expectAccessible } from './accessible.ts'
import { cup, gone, press, ticket } from './console.ts'
import { overflow } from './looks.ts'
import { integrator, taro } from './orders.ts'
import { openConsole, openScreen, startShop, Streams } from './screen.ts'

let browser: Browser
beforeAll(async () => {
  browser = await startBrowser()
})
afterAll(() => browser.close())

test('the console speaks Spanish: by the browser, or by choice, which this device keeps', async () => {
  const api = await startShop()
  const { place, move } = await integrator(api)
  const [order, other] = [await place({ drinks: [taro, { ...taro, ice: 'less' }] }), await place()]
  const page = await openScreen(browser, `${api.url}/barista/`, { locale: 'es-MX' })
  await page.getByLabel('PIN del personal').fill('1')
  await page.keyboard.press('Enter')
  await page.getByText('Ese PIN no es correcto.').waitFor()
  await page.getByLabel('PIN del personal').fill(staffPin)
  await page.keyboard.press('Enter')
  const pedido = page.getByRole('article', { name: `Pedido ${order.number}` })
  for (const words of ['★ Nuevo', 'ahora mismo', '2 bebidas', 'poco hielo']) {
    await pedido.getByText(words, { exact: true }).waitFor()
  }
  expect(await page.locator('html').getAttribute('lang')).toBe('es')
  const streams = new Streams()
  await streams.prepare(page)
  await page.reload()
  await pedido.getByText('Mensaje de pedido: no enviado (práctica)').waitFor()
  await streams.freeze()
  await move(other, 'markOrderReady')
  await page.getByRole('button', { name: `Hecho, pedido ${other.number}` }).click()
  await page.getByText(`El pedido ${other.number} ya está listo; alguien se adelantó.`).waitFor()
  streams.thaw()

  const seen = (await page.locator('body').innerText()).split('\n')
  const english = new Set(Object.values({ ...en, ...later }).filter(words => typeof words === 'string'))
  const same = ['OK', 'Barista']
  expect(seen.filter(line => english.has(line) && !same.includes(line))).toEqual([])

  await page.getByRole('button', { name: 'Ajustes' }).click()
  await page.getByRole('radio', { name: 'English' }).check()
  await page.keyboard.press('Escape')
  await ticket(page, order).getByText('★ New').waitFor()
  await page.reload()
  await ticket(page, order).getByText('★ New').waitFor()
  expect(await page.locator('html').getAttribute('lang')).toBe('en')
})

test('colors are light, dark or as the device says, and stay as chosen', async () => {
  const api = await startShop()
  const page = await openConsole(browser, api, { colorScheme: 'light' })
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
  const light = await ground()
  await page.emulateMedia({ colorScheme: 'dark' })
  const dark = await ground()
  expect(dark).not.toBe(light)
  const choose = async (name: string) => {
    await page.getByRole('button', { name: 'Settings' }).click()
    await page.getByRole('radio', { name }).check()
    await page.keyboard.press('Escape')
  }
  await choose('Light')
  expect(await ground()).toBe(light)
  await page.reload()
  await page.getByText('● Live').waitFor()
  expect(await ground()).toBe(light)
  await page.emulateMedia({ colorScheme: 'light' })
  await choose('Dark')
  expect(await ground()).toBe(dark)
  await choose('As the device')
  expect(await ground()).toBe(light)
})

test('axe finds nothing on any view, in both themes; targets are 64 px and nothing moves for who wants it still', async () => {
  const api = await startShop({ env: { READY_HOLD_SECONDS: '60' } })
  const { place, move } = await integrator(api)
  const drinks = [
    { flavor: 'taro', toppings: ['boba', 'vanilla cream'], addOns: ['matcha'], ice: 'less' },
    taro,
  ]
  const [half, held, gave] = [await place({ drinks, name: 'Ada' }), await place(), await place()]
  const door = await openScreen(browser, `${api.url}/barista/`)
  await door.getByLabel('Staff PIN').waitFor()
  await expectAccessible(door)

  const page = await openConsole(browser, api, { viewport: { width: 1366, height: 768 } })
  const fresh = await place({ drinks: [taro] })
  await cup(page, half, 2).click()
  await cup(page, half, 2).getByText('done').waitFor()
  await ticket(page, half).getByRole('button', { name: 'Number' }).click()
  await move(gave, 'cancelOrder')
  await ticket(page, gave).getByText('Do not make it.').waitFor()
  await press(page, 'Done,', held)
  await page.getByRole('button', { name: /^Undo/ }).waitFor()
  await ticket(page, fresh).getByText('★ New').waitFor()
  await expectAccessible(page)
  for (const target of await page.getByRole('button').or(page.getByRole('link')).all()) {
    const { width, height } = (await target.boundingBox())!
    expect([await target.innerText(), Math.min(width, height) >= 63.5]).toEqual([expect.any(String), true])
  }
  const moving = await page.evaluate(
    () => document.getAnimations().filter(each => each.playState === 'running').length,
  )
  expect(moving).toBe(0)

  const dialog = page.getByRole('dialog')
  for (const name of ['Recall', 'Settings', 'Help']) {
    await page.getByRole('button', { name, exact: true }).click()
    await dialog.waitFor()
    await expectAccessible(page)
    await page.setViewportSize({ width: 390, height: 844 })
    expect(await overflow(page)).toBeLessThanOrEqual(0)
    await page.setViewportSize({ width: 1366, height: 768 })
    await page.keyboard.press('Escape')
    await gone(dialog)
  }
  await page.clock.fastForward(61_000)
  await page.getByRole('alert').getByText('Not connected').or(page.getByText('● Live')).first().waitFor()
  await press(page, 'Cancel', half)
  await dialog.waitFor()
  await expectAccessible(page)
})
