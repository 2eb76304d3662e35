import { test } from 'vitest'
import { startBrowser } from '../support/browser.ts'
import { integrator, taro } from './orders.ts'
import { minutesAgo, openConsole, startShop } from './screen.ts'

test('scratch', async () => {
  const browser = await startBrowser()
  const api = await startShop({ env: { READY_HOLD_SECONDS: '5' } })
  const { place, move } = await integrator(api)
  const lavish = {
    flavor: 'black milk tea',
    toppings: ['boba', 'egg pudding', 'crystal agar boba', 'vanilla cream'],
    addOns: ['matcha stencil on top'],
    sweetness: '25%',
    ice: 'less ice',
  }
  await move(await minutesAgo(24, () => place({ name: 'Grace' })), 'markOrderReady')
  await move(
    await minutesAgo(12, () => place({ drinks: [taro, lavish, { ...taro, ice: 'no ice' }], name: 'Ada' })),
    'startOrder',
  )
  await minutesAgo(6, () =>
    place({ drinks: [lavish], name: 'Maximiliana Featherstonehaugh-Cholmondeley', phone: '+442079460018' }),
  )
  const o = await place({ drinks: [taro, taro] })
  const page = await openConsole(browser, api, { viewport: { width: 1366, height: 768 } })
  page.on('console', m => console.log(m.text()))
  await page.getByText('Ready text').first().waitFor()
  await page.screenshot({ path: '/tmp/c1.png' })
  await page
    .getByRole('button', { name: /^Cup 1 of 2/ })
    .first()
    .click()
  await page.getByRole('button', { name: `Done, order ${o.number}` }).click()
  await page.getByRole('button', { name: `Undo, order ${o.number}` }).waitFor()
  await page.screenshot({ path: '/tmp/c2.png' })
  await page.setViewportSize({ width: 800, height: 1280 })
  await page.screenshot({ path: '/tmp/c3.png' })
  await page.setViewportSize({ width: 390, height: 844 })
  await page.screenshot({ path: '/tmp/c4.png' })
  await page.getByRole('button', { name: 'Settings' }).click()
  await page.getByRole('dialog').waitFor()
  await page.getByRole('radio', { name: 'Dark' }).check()
  await page.getByRole('radio', { name: 'Español' }).check()
  await page.screenshot({ path: '/tmp/c5.png' })
  await page.keyboard.press('Escape')
  await page.setViewportSize({ width: 1920, height: 1080 })
  await page.screenshot({ path: '/tmp/c6.png' })
  await browser.close()
})
