import { test } from 'vitest'
import { startBrowser } from '../support/browser.ts'
import { integrator } from './orders.ts'
import { openConsole, openScreen, startShop } from './screen.ts'
test('es', async () => {
  const browser = await startBrowser()
  const api = await startShop()
  const page = await openScreen(browser, `${api.url}/barista/`, { locale: 'es-MX' })
  page.on('console', m => console.log(m.text()))
  await page.locator('input').waitFor()
  console.log(await page.locator('body').innerText(), await page.evaluate(() => navigator.languages))
  const { place } = await integrator(api)
  let t = Date.now()
  for (let i = 0; i < 5; i++) await Promise.all(Array.from({ length: 20 }, () => place()))
  console.log('100 without', Date.now() - t)
  const con = await openConsole(browser, api)
  for (let k = 0; k < 3; k++) {
  t = Date.now()
  for (let i = 0; i < 5; i++) await Promise.all(Array.from({ length: 20 }, () => place()))
  console.log('100 with', Date.now() - t)
  t = Date.now()
  const n = 200 + 100 * k
  await con.waitForFunction(n => document.querySelectorAll('[data-ticket]').length === n, n)
  console.log('shown', Date.now() - t)
  }
  const m = await con.evaluate(async () => {
    const t0 = performance.now(); await new Promise(requestAnimationFrame); await new Promise(requestAnimationFrame); return performance.now() - t0
  })
  console.log('frame', m)
  t = Date.now(); await con.getByRole('heading', { level: 3 }).allTextContents(); console.log('headings', Date.now() - t)
  t = Date.now(); await con.getByRole('button', { name: 'Done, order 0000' }).count(); console.log('buttons', Date.now() - t)
  await browser.close()
}, 120000)
