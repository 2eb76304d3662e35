import type { Browser, Locator } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { staffPin } from '../support/api.ts'
import { startBrowser } from '../support/browser.ts'
import { phoneCall } from '../support/phone-call.ts'
import { cup, gone, press, ready, stateOf, ticket, toMake } from './console.ts'
import { integrator } from './orders.ts'
import { minutesAgo, openConsole, openScreen, startShop, Streams } from './screen.ts'

let browser: Browser
beforeAll(async () => {
  browser = await startBrowser()
})
afterAll(() => browser.close())

test('the PIN opens the console, by keyboard alone; a wrong one does not', async () => {
  const api = await startShop()
  const page = await openScreen(browser, `${api.url}/barista/`)
  await expect
    .poll(() => page.getByLabel('Staff PIN').evaluate(pin => pin === document.activeElement))
    .toBe(true)
  await page.keyboard.type('000000')
  await page.keyboard.press('Enter')
  await page.getByRole('alert').getByText('That PIN is not right.').waitFor()

  for (const digit of staffPin) await page.getByRole('button', { name: digit, exact: true }).press('Enter')
  await page.getByRole('button', { name: 'Sign in' }).press('Space')
  await page.getByRole('heading', { name: 'BobaRista' }).waitFor()
  await page.getByText('Nothing to make.').waitFor()
  await page.reload()
  await page.getByText('Nothing to make.').waitFor()
})

test('after many wrong PINs one has to wait, is told how long, and may then try again', async () => {
  const api = await startShop()
  const page = await openScreen(browser, `${api.url}/barista/`)
  const alert = page.getByRole('alert')
  const pin = page.getByLabel('Staff PIN')
  const button = page.getByRole('button', { name: 'Sign in' })
  let tries = 0
  page.on('request', request => (tries += Number(request.postData()?.includes('SignIn') ?? false)))
  for (let wrong = 0; wrong < 10 && (await button.isEnabled()); wrong += 1) {
    await pin.fill(`00000${wrong}`)
    const answered = page.waitForResponse(
      response => response.request().postData()?.includes('SignIn') ?? false,
    )
    await pin.press('Enter')
    await answered
    await expect.poll(() => pin.inputValue()).toBe('')
  }
  expect(tries).toBe(6)
  await alert.getByText(/^Too many wrong PINs\. You can try again in (60|5\d) s\.$/).waitFor()
  await pin.fill(staffPin)
  await pin.press('Enter')
  await expect.poll(() => button.isDisabled()).toBe(true)
  expect(tries, 'nothing is sent while one has to wait').toBe(6)

  await page.clock.fastForward(61_000)
  await alert.getByText('You can try again now.').waitFor()
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 })
  onTestFinished(() => void vi.useRealTimers())
  await pin.press('Enter')
  await page.getByText('Nothing to make.').waitFor()
})

test('a ticket tells all there is to make, for whom, for how much, and how long it has waited', async () => {
  const api = await startShop()
  const { place } = await integrator(api)
  const page = await openConsole(browser, api)
  const call = await phoneCall(api, await api.key('calls:write'))
  await call.run('addToCart', {
    drink: {
      flavor: 'taro',
      toppings: ['tapioca', 'cream'],
      addOns: ['matcha'],
      sweetness: '25%',
      ice: 'less',
    },
  })
  await call.run('confirmPendingToCart')
  await call.run('addToCart', { drink: { flavor: 'black' } })
  const { orderNumber } = await call.run('checkoutOrder', { phone: '555-123-4567', name: 'Ada' })
  const order = { id: '', number: orderNumber }
  const phoned = ticket(page, order)
  for (const words of ['★ New', 'just now', 'Ada', '2 drinks', '$13.00']) {
    await phoned.getByText(words, { exact: true }).waitFor()
  }
  const [first, second] = [cup(page, order, 1), cup(page, order, 2)]
  const words = async (locator: Locator) => (await locator.innerText()).toLowerCase().replaceAll(/\s+/g, ' ')
  expect(await words(first)).toBe(
    'cup 1 of 2 taro milk tea 1/2 boba vanilla cream matcha stencil on top 25% sweet less ice',
  )
  expect(await words(second)).toBe('cup 2 of 2 black milk tea 2/2 no toppings 50% sweet regular ice')
  await phoned.getByText('Order text: not sent (practice)').waitFor()

  expect(await page.content(), 'nobody needs the number yet').not.toMatch(/\(555\)|5551234567/)
  await phoned.getByRole('button', { name: 'Number' }).click()
  await expect
    .poll(() => phoned.getByRole('link', { name: '(555) 123-4567' }).getAttribute('href'))
    .toBe('tel:+15551234567')
  await phoned.getByRole('button', { name: 'Hide' }).click()
  await gone(phoned.getByRole('link'))

  const old = await minutesAgo(72.5, () => place({ phone: '+442079460018' }))
  await ticket(page, old).getByText('1 h 12 min').waitFor()
  await ticket(page, old).getByRole('button', { name: 'Number' }).click()
  await ticket(page, old).getByText('+442079460018').waitFor()
  await expect
    .poll(() => toMake(page).getByRole('heading', { level: 3 }).allTextContents())
    .toEqual([old.number, orderNumber])
})

test('an order goes its way: start, done, recall, done, picked up, and the board follows', async () => {
  const api = await startShop()
  const { place } = await integrator(api)
  const order = await place()
  const board = await openScreen(browser, `${api.url}/board/`)
  const tile = board.getByRole('listitem').filter({ hasText: order.number })
  await tile.getByText('in line').waitFor()
  const page = await openConsole(browser, api)

  await press(page, 'Start', order)
  await ticket(page, order).getByText('being made', { exact: true }).waitFor()
  await tile.getByText('being made').waitFor()
  await gone(page.getByRole('button', { name: `Start order ${order.number}` }))

  const done = page.getByRole('button', { name: `Done, order ${order.number}` })
  await done.focus()
  await page.keyboard.press('Enter')
  const waiting = ready(page).getByRole('article', { name: `Order ${order.number}` })
  await waiting.getByText('Ready text: not sent (practice)').waitFor()
  await gone(tile)

  await press(page, 'Recall', order)
  await toMake(page)
    .getByRole('article', { name: `Order ${order.number}` })
    .waitFor()
  await tile.waitFor()
  await press(page, 'Done,', order)
  await press(page, 'Picked up,', order)
  await gone(ticket(page, order))
  await expect.poll(() => stateOf(api, order)).toMatchObject({ status: 'PICKED_UP' })
})

test('cancelling asks why, and is not done by accident', async () => {
  const api = await startShop()
  const { place } = await integrator(api)
  const [kept, sold, other] = [await place(), await place(), await place()]
  const page = await openConsole(browser, api)
  const dialog = page.getByRole('dialog')

  await press(page, 'Cancel', kept)
  await dialog.getByRole('button', { name: `Cancel order ${kept.number}` }).click()
  await dialog.getByRole('button', { name: 'Keep order' }).click()
  await gone(dialog)
  await press(page, 'Cancel', kept)
  await dialog.waitFor()
  await page.keyboard.press('Escape')
  await gone(dialog)
  await expect.poll(() => stateOf(api, kept)).toMatchObject({ status: 'RECEIVED', cancelReason: null })

  await press(page, 'Cancel', sold)
  await dialog.getByRole('radio', { name: 'Something is sold out' }).check()
  await dialog.getByRole('button', { name: `Cancel order ${sold.number}` }).click()
  await gone(ticket(page, sold))
  await expect
    .poll(() => stateOf(api, sold))
    .toMatchObject({
      status: 'CANCELLED',
      cancelReason: 'Something is sold out',
    })

  await press(page, 'Cancel', other)
  await dialog.getByRole('radio', { name: 'Something else' }).check()
  await dialog.getByLabel('The reason').fill('The blender is broken')
  await page.keyboard.press('Enter')
  await gone(ticket(page, other))
  await expect
    .poll(() => stateOf(api, other))
    .toMatchObject({
      status: 'CANCELLED',
      cancelReason: 'The blender is broken',
    })
  await ticket(page, kept).waitFor()
})

test('of two baristas who press Done together one is told, and both see the same', async () => {
  const api = await startShop()
  const { place } = await integrator(api)
  const [first, second] = [await place(), await place()]
  const streams = new Streams()
  const [left, right] = await Promise.all([
    openConsole(browser, api),
    openConsole(browser, api, { prepare: page => streams.prepare(page) }),
  ])
  await ticket(right, first).waitFor()

  await streams.freeze()
  await press(left, 'Done,', first)
  await ready(left)
    .getByRole('article', { name: `Order ${first.number}` })
    .waitFor()
  await press(right, 'Done,', first)
  const notice = right.getByText(`Order ${first.number} is already ready; somebody was faster.`)
  await notice.waitFor()
  await ready(right)
    .getByRole('article', { name: `Order ${first.number}` })
    .waitFor()
  await right.getByRole('button', { name: 'OK' }).click()
  await gone(notice)

  await press(left, 'Picked up,', first)
  await gone(ticket(left, first))
  await press(right, 'Recall', first)
  await right.getByText(`Order ${first.number} is picked up, so that cannot be done any more.`).waitFor()
  await gone(ticket(right, first))

  streams.thaw()
  await press(right, 'Start', second)
  for (const page of [left, right])
    await ticket(page, second).getByText('being made', { exact: true }).waitFor()
  const third = await place()
  for (const page of [left, right]) await ticket(page, third).waitFor()
})

test('an answer that comes late brings nothing old back', async () => {
  const api = await startShop()
  const { place, move } = await integrator(api)
  const [kept, gave] = [await place(), await place()]
  const page = await openConsole(browser, api)
  const late: (() => Promise<void>)[] = []
  await page.route('**/graphql', async route => {
    const response = await route.fetch()
    const json = (await response.json()) as { data: { result: { texts: { kind: string }[] } } }
    // As it was before the second text was written, whichever of the two was faster.
    json.data.result.texts = json.data.result.texts.filter(({ kind }) => kind === 'ORDER_RECEIVED')
    late.push(() => route.fulfill({ response, json }))
  })

  for (const order of [kept, gave]) {
    await press(page, 'Done,', order)
    await ticket(page, order).getByText('Ready text: not sent (practice)').waitFor()
  }
  await move(gave, 'completeOrder')
  await gone(ticket(page, gave))
  await expect.poll(() => late.length).toBe(2)
  for (const answer of late) await answer()
  await expect.poll(() => ticket(page, kept).getAttribute('aria-busy')).toBe('false')
  expect(await ticket(page, kept).innerText()).toContain('Ready text: not sent (practice)')
  expect(await ticket(page, gave).count()).toBe(0)
})

test('a console left behind asks for the PIN again', async () => {
  const api = await startShop()
  const { place } = await integrator(api)
  const order = await place()
  const page = await openConsole(browser, api)
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByText('You are signed out.').waitFor()
  await page.reload()
  await page.getByLabel('Staff PIN').waitFor()
  expect(await page.content()).not.toContain(order.number)

  await page.getByLabel('Staff PIN').fill(staffPin)
  await page.keyboard.press('Enter')
  await ticket(page, order).waitFor()
  const [cookie] = await page.context().cookies()
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' })
  await api.ask('mutation { signOut }', {}, `${cookie!.name}=${cookie!.value}`)
  await press(page, 'Done,', order)
  await page.getByText('Your session has ended. Sign in again.').waitFor()
  await expect.poll(() => stateOf(api, order)).toMatchObject({ status: 'RECEIVED' })
})

test('a hundred and one open orders are all there', async () => {
  const api = await startShop()
  const { place } = await integrator(api)
  const orders = await Promise.all(Array.from({ length: 101 }, () => place()))
  const page = await openConsole(browser, api)
  await expect.poll(() => toMake(page).getByRole('article', { name: 'Order' }).count()).toBe(orders.length)
})
