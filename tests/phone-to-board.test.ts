import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Browser, Page } from 'playwright-core'
import { type Phone, dial } from '../voice/practice/phone.ts'
import { startPracticeAgent } from '../voice/practice/agent.ts'
import { startApi, staffPin, type TestApi } from './support/api.ts'
import { startBrowser } from './support/browser.ts'
import { startVoice } from './support/voice.ts'

const authToken = 'the token that signs what Twilio sends'

let api: TestApi
let agent: Awaited<ReturnType<typeof startPracticeAgent>>
let browser: Browser
let board: Page
let console_: Page

beforeAll(async () => {
  api = await startApi({
    server: { screensFolder: new URL('../dist/clients/', import.meta.url) },
    log: { heartbeat: 500 },
  })
  agent = await startPracticeAgent()
  browser = await startBrowser()
  board = await browser.newPage()
  await board.goto(`${api.url}/board/`)
  console_ = await browser.newPage()
  await console_.goto(`${api.url}/barista/`)
  await console_.getByLabel('PIN').fill(staffPin)
  await console_.keyboard.press('Enter')
})
afterAll(async () => {
  await browser.close()
  await agent.close()
  await api.close()
})

describe.each(['linear16', 'mulaw'] as const)('a phoned order reaches the board (%s)', audio => {
  let voice: Awaited<ReturnType<typeof startVoice>>
  beforeAll(async () => {
    voice = await startVoice({
      apiUrl: api.url,
      key: await api.key('calls:write'),
      agentUrl: agent.url,
      audio,
      twilioAuthToken: authToken,
    })
  })
  afterAll(() => voice.close())

  /** Says something once the agent has asked. */
  async function answer(phone: Phone, question: RegExp, words: string): Promise<void> {
    await phone.hears(question)
    await phone.say(words)
  }

  test('from the dial tone to the second text', { timeout: 120_000 }, async () => {
    await board.getByText('Now Preparing').waitFor()
    const phone = await dial({ voiceUrl: voice.url, authToken, from: '+15550004567' })
    await answer(
      phone,
      /What would you like to order\?/,
      'one taro milk tea with tapioca and cream, half sweet, less ice',
    )
    await answer(phone, /taro milk tea with boba and vanilla cream/, 'yes')
    await answer(phone, /anything else/i, "no, that's all")
    await answer(phone, /number/i, '555-123-4567')
    await answer(phone, /right|correct/i, 'yes')
    const said = await phone.hears(/order number is ((?:\d, ){3}\d)/)
    const number = /((?:\d, ){3}\d)/.exec(said)![1]!.replaceAll(', ', '')

    // Still on the line, both screens have it.
    await board.getByText(number).waitFor()
    const ticket = console_.getByRole('article', { name: `Order ${number}` })
    await ticket.getByRole('button', { name: 'Number' }).click()
    const shown = (await ticket.innerText()).toLowerCase()
    for (const part of [
      'taro milk tea',
      'boba',
      'vanilla cream',
      '50% sweet',
      'less ice',
      '(555) 123-4567',
      '$7.00',
    ]) {
      expect(shown).toContain(part)
    }
    expect(await board.content()).not.toContain('5551234567')

    await phone.say('bye')
    await phone.ended
    await ticket.getByRole('button', { name: `Done, order ${number}` }).click()
    await board.getByText(number).waitFor({ state: 'detached' })

    const key = await api.key('orders:read')
    const texts = async () => {
      const { data } = await api.ask<{
        order: { status: string; texts: { body: string; statusText: string }[] }
      }>(
        'query ($number: String) { order(number: $number) { status texts { body statusText } } }',
        { number },
        key,
      )
      return data.order
    }
    await expect.poll(texts, { timeout: 20_000 }).toEqual({
      status: 'READY',
      texts: [
        {
          body: `Thanks for your order! Your order number is ${number}. We'll text you when it's ready for pickup.`,
          statusText: 'not sent (practice)',
        },
        {
          body: `Your boba order #${number} is now ready for pickup! 🧋`,
          statusText: 'not sent (practice)',
        },
      ],
    })
  })
})
