import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AgentCall, type StandInAgent, startAgent } from '../support/agent.ts'
import { startApi, type TestApi } from '../support/api.ts'
import { Caller } from '../support/caller.ts'
import { startVoice } from '../support/voice.ts'

let api: TestApi
let agent: StandInAgent
let voice: Awaited<ReturnType<typeof startVoice>>
let staff: string
const callers: Caller[] = []

beforeAll(async () => {
  api = await startApi()
  staff = await api.signIn()
  agent = await startAgent()
  voice = await startVoice({
    apiUrl: api.url,
    key: await api.key('calls:write'),
    agentUrl: agent.url,
    patience: { drain: 0, farewell: 0 },
  })
})
afterAll(async () => {
  for (const caller of callers) caller.drop()
  await voice.close()
  await agent.close()
  await api.close()
  expect(callers.flatMap(({ faults }) => faults)).toEqual([])
})

async function talking(): Promise<{ line: AgentCall; prompt: string }> {
  const caller = new Caller({ voiceUrl: voice.url })
  callers.push(caller)
  await caller.connect()
  const line = await agent.call()
  const { agent: settings } = (await line.settings()) as unknown as { agent: { think: { prompt: string } } }
  // Once a frame has come through, all is joined.
  caller.speak(Buffer.alloc(160, 0xff))
  await line.hears(160)
  return { line, prompt: settings.think.prompt }
}

/** What an agent on the line is told next. */
const news = async (line: AgentCall) => (await line.next('UpdatePrompt')).prompt as string

const change = (mutation: string) => api.ask(`mutation { ${mutation} { __typename } }`, {}, staff)

test('an agent on the line is told what has changed at the shop, and one that comes then knows it', async () => {
  const { line, prompt } = await talking()
  expect(prompt).not.toContain('# Right now')
  const { data } = await api.ask<{ menu: { items: { id: string; name: string }[] } }>(
    '{ menu { items { id name } } }',
  )
  const boba = data.menu.items.find(({ name }) => name === 'boba')!.id

  await change(`setAvailability(item: "${boba}", available: false, period: ONE_HOUR)`)
  expect(await news(line)).toContain('boba has just sold out. Do not offer it any more.')
  expect(await line.asks('add_to_cart', { flavor: 'taro', toppings: ['boba'] })).toMatchObject({ ok: false })
  await change(`setAvailability(item: "${boba}", available: true)`)
  expect(await news(line)).toContain('boba is available again.')

  await change('delayOrdering(input: { minutes: 15 })')
  expect(await news(line)).toMatch(
    /Orders take longer now: about 1\d minutes\. Say so before the caller orders\./,
  )
  expect((await talking()).prompt).toMatch(
    /# Right now\nThe shop is busy: an order takes about 1\d minutes\./,
  )
  await line.asks('add_to_cart', { flavor: 'taro' })
  expect(await line.asks('checkout_order', { phone: '555-123-4567' })).toMatchObject({
    ok: true,
    wait_minutes: expect.any(Number),
  })
  await change('delayOrdering(input: { minutes: 5 })')
  expect(await news(line)).toMatch(/Orders now take about \d+ minutes\./)
  await change('delayOrdering(input: { minutes: 0 })')
  expect(await news(line)).toContain('Orders take no longer than usual again.')

  await change('pauseOrdering(paused: true, period: FIFTEEN_MINUTES)')
  expect(await news(line)).toContain('The shop takes no new orders right now.')
  expect((await talking()).prompt).toContain('# Right now\nThe shop takes no new orders right now.')
  await change('pauseOrdering(paused: false)')
  expect(await news(line)).toContain('The shop takes orders again.')
})
