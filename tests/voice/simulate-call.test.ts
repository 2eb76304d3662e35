import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newKey } from '../../api/auth/key-format.ts'
import { signatureHeader, signatureOf, simulationPath } from '../../simulation.ts'
import { startPracticeAgent } from '../../voice/practice/agent.ts'
import { startApi, type TestApi } from '../support/api.ts'
import { freePort } from '../support/free-port.ts'
import { listen } from '../support/listener.ts'
import { newId } from '../support/phone-call.ts'
import { startVoice } from '../support/voice.ts'

const secret = newKey()
const account = {
  TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
  TWILIO_AUTH_TOKEN: 'token',
  TWILIO_FROM_NUMBER: '+15550000000',
}

let api: TestApi
let agent: Awaited<ReturnType<typeof startPracticeAgent>>
let voice: Awaited<ReturnType<typeof startVoice>>
let key: string
const apis: TestApi[] = []

async function openApi(env: Record<string, string>): Promise<TestApi> {
  const opened = await startApi({ env })
  apis.push(opened)
  return opened
}

beforeAll(async () => {
  const port = await freePort()
  api = await openApi({ VOICE_PORT: String(port), VOICE_API_KEY: secret })
  agent = await startPracticeAgent()
  voice = await startVoice({
    apiUrl: api.url,
    key: secret,
    secret,
    agentUrl: agent.url,
    practice: true,
    patience: { drain: 0, farewell: 0 },
    port,
  })
  key = await api.key('orders:write', 'orders:read', 'orders:pii', 'calls:read')
})
afterAll(async () => {
  await voice.close()
  await agent.close()
  for (const each of apis) await each.close()
})

interface Simulated {
  callSid?: string
  code?: string
  message?: string
  path?: string[]
}

/** @param at the api that is asked, with a key of its own unless it is the first one */
async function simulate(input: object, at = api): Promise<Simulated> {
  const { data } = await at.ask<{ simulateCall: Simulated }>(
    `mutation ($input: SimulateCallInput!) {
      simulateCall(input: $input) {
        ... on SimulatedCall { callSid }
        ... on SimulateCallRefused { code message path }
      }
    }`,
    { input },
    at === api ? key : await at.key('orders:write'),
  )
  return data.simulateCall
}

const items = 'source phone items { flavor toppings sweetness ice }'

test('an integrator sees the orders of scripted callers, as of any others', { timeout: 90_000 }, async () => {
  const orders = listen(api, { field: 'orderEvents', key, order: `id ${items}` })
  await orders.beat()
  const calls = await Promise.all([
    simulate({ script: 'taro-with-boba' }),
    simulate({
      from: '555-765-4321',
      lines: [
        '# Words are waited for as they stand:.',
        '> what would you like to order?',
        'one black milk tea with egg pudding, no ice',
        '> right?',
        'yes',
        '> anything else?',
        "that's all",
        '> 4 3 2 1',
        'yes',
        '> order number is',
        'no, thank you',
      ],
    }),
  ])
  for (const { callSid } of calls) expect(callSid).toMatch(/^CA[0-9a-f]{32}$/)
  const created = [await orders.until('ORDER_CREATED'), await orders.until('ORDER_CREATED')]
  const drinkOf = (flavor: string) =>
    created
      .map(({ order }) => order as { id: string; items: { flavor: string }[] })
      .find(order => order.items[0]!.flavor === flavor)
  expect(drinkOf('taro milk tea')).toMatchObject({
    source: 'PHONE',
    phone: '+15551234567',
    items: [{ flavor: 'taro milk tea', toppings: ['boba'], sweetness: '50%', ice: 'less ice' }],
  })
  expect(drinkOf('black milk tea')).toMatchObject({
    source: 'PHONE',
    phone: '+15557654321',
    items: [{ flavor: 'black milk tea', toppings: ['egg pudding'], sweetness: '50%', ice: 'no ice' }],
  })
  const { data } = await api.ask<{ call: { order: { id: string }; transcript: { text: string }[] } }>(
    'query ($id: ID!) { call(id: $id) { order { id } transcript { speaker text } } }',
    { id: calls[1]!.callSid },
    key,
  )
  expect(data.call.order.id).toBe(drinkOf('black milk tea')!.id)
  expect(data.call.transcript.map(({ text }) => text)).toContain(
    'one black milk tea with egg pudding, no ice',
  )
  await orders.stop()
})

describe('nobody calls', () => {
  test.each([
    [{}, 'BAD_SCRIPT', ['input'], 'one of the two'],
    [{ script: 'taro-with-boba', lines: ['hi'] }, 'BAD_SCRIPT', ['input'], 'one of the two'],
    [{ script: '../package' }, 'BAD_SCRIPT', ['input', 'script'], 'There are: taro-with-boba'],
    [{ lines: [] }, 'BAD_SCRIPT', ['input', 'lines'], '1 to 40 lines'],
    [{ lines: Array(41).fill('hi') }, 'BAD_SCRIPT', ['input', 'lines'], '1 to 40 lines'],
    [{ lines: ['hi', 'x'.repeat(201)] }, 'BAD_SCRIPT', ['input', 'lines', '1'], '200 characters'],
    [{ lines: ['hi\n/hangup'] }, 'BAD_SCRIPT', ['input', 'lines', '0'], 'no line break'],
    [{ lines: ['/dance'] }, 'BAD_SCRIPT', ['input', 'lines'], '"/dance" is none of the commands'],
    [{ lines: ['# only', '> waits'] }, 'BAD_SCRIPT', ['input', 'lines'], 'says nothing'],
    [{ lines: ['hi'], from: '12' }, 'BAD_PHONE', ['input', 'from'], 'no possible phone number'],
  ])('for a script or number that is none: %#', async (input, code, path, words) => {
    const refused = await simulate(input)
    expect(refused).toMatchObject({ code, path })
    expect(refused.message).toContain(words)
  })

  test('without the scope to order', async () => {
    const { errors } = await api.ask(
      'mutation { simulateCall(input: { script: "taro-with-boba" }) { __typename } }',
      {},
      await api.key('orders:read', 'calls:read'),
    )
    expect(errors![0]!.extensions.code).toBe('FORBIDDEN')
  })

  test('when voice takes real calls, knows another key, or is not there', async () => {
    const real = await startVoice({ apiUrl: api.url, key: secret, secret, agentUrl: agent.url })
    const script = { script: 'taro-with-boba' }
    try {
      const atReal = await openApi({ VOICE_URL: real.url, VOICE_API_KEY: secret })
      expect(await simulate(script, atReal)).toMatchObject({ code: 'NOT_PRACTICE' })
    } finally {
      await real.close()
    }
    for (const env of [{ VOICE_API_KEY: newKey() }, {}] as Record<string, string>[]) {
      const stranger = await openApi({ VOICE_URL: voice.url, ...env })
      expect(await simulate(script, stranger)).toMatchObject({ code: 'VOICE_KEY_DIFFERS' })
    }
    // An api is there, which is no voice process.
    for (const VOICE_URL of [`http://127.0.0.1:${await freePort()}`, api.url]) {
      const alone = await openApi({ VOICE_URL, VOICE_API_KEY: secret })
      expect(await simulate(script, alone)).toMatchObject({ code: 'VOICE_AWAY' })
    }
  })

  test('where texts would go out, or nothing is practice', async () => {
    for (const env of [account, { NODE_ENV: 'production' }] as Record<string, string>[]) {
      const earnest = await openApi({ VOICE_URL: voice.url, VOICE_API_KEY: secret, ...env })
      expect(await simulate({ script: 'taro-with-boba' }, earnest)).toMatchObject({ code: 'NOT_PRACTICE' })
    }
  })
})

describe('voice plays only what the api asks for', () => {
  const asked = (more: object = {}) =>
    JSON.stringify({
      callSid: newId('CA'),
      from: '+15557654321',
      script: ['/hangup'],
      expires: Date.now() + 10_000,
      ...more,
    })
  const post = async (body: string, signature = signatureOf(secret, body)) =>
    (
      await fetch(voice.url + simulationPath, {
        method: 'POST',
        headers: { [signatureHeader]: signature },
        body,
      })
    ).status

  test('as it was signed, once, and not too late', async () => {
    const body = asked()
    expect(await post(body, '')).toBe(403)
    expect(await post(body, signatureOf(newKey(), body))).toBe(403)
    expect(await post(asked(), signatureOf(secret, body))).toBe(403)
    expect(await post(asked({ expires: Date.now() - 1 }))).toBe(403)
    expect(await post(asked({ callSid: '../CA1' }))).toBe(403)
    expect(await post('tea')).toBe(403)
    expect(await post(body)).toBe(202)
    expect(await post(body)).toBe(403)
    expect((await fetch(voice.url + simulationPath)).status).toBe(405)
  })
})

test('only some go on at the same time', async () => {
  const waiting = { lines: ['> words that (nobody says', 'hi'] }
  const codes: (string | undefined)[] = []
  while (!codes.includes('TOO_MANY_CALLS') && codes.length < 20) codes.push((await simulate(waiting)).code)
  expect(codes.length).toBeGreaterThan(1)
  expect(codes.at(-1)).toBe('TOO_MANY_CALLS')
})
