import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { sentences } from '../../voice/sentences/sentences.ts'
import { type AgentCall, type StandInAgent, startAgent } from '../support/agent.ts'
import { startApi, type TestApi } from '../support/api.ts'
import { Caller, type CallerOptions } from '../support/caller.ts'
import { startProxy } from '../support/proxy.ts'
import { startVoice, type VoiceOptions } from '../support/voice.ts'

let api: TestApi
let key: string
let agent: StandInAgent
let voice: Awaited<ReturnType<typeof startVoice>>
let callers: Caller[]

beforeAll(async () => {
  api = await startApi()
  key = await api.key('calls:write', 'calls:read', 'orders:pii')
})
afterAll(() => api.close())
beforeEach(async () => {
  callers = []
  agent = await startAgent()
  voice = await start()
})
afterEach(async () => {
  for (const caller of callers) caller.drop()
  await voice.close()
  await agent.close()
  expect(callers.flatMap(({ faults }) => faults)).toEqual([])
})

const start = (options: Partial<VoiceOptions> = {}) =>
  startVoice({
    apiUrl: api.url,
    key,
    agentUrl: agent.url,
    transferNumber: '+15550009999',
    ...options,
    patience: { drain: 0, farewell: 0, ...options.patience },
  })

/** Gives voice a clock that goes on only while this process stands still. → stands still for so many milliseconds */
async function ownClock(): Promise<(time: number) => void> {
  let now = 0
  await voice.close()
  voice = await start({ now: () => now })
  return time => {
    const until = performance.now() + time
    while (performance.now() < until);
    now += time
  }
}

function newCaller(options: Partial<CallerOptions> = {}): Caller {
  const caller = new Caller({ voiceUrl: voice.url, ...options })
  callers.push(caller)
  return caller
}

/** A caller and an agent that talk. */
async function talking(): Promise<{ caller: Caller; line: AgentCall }> {
  const caller = await newCaller().connect()
  const line = await agent.call()
  await line.settings()
  // Once a frame has come through, all is joined.
  caller.speak(sound(160))
  await line.hears(160)
  return { caller, line }
}

/** Sound nobody can mistake: every byte differs from its neighbours. */
const sound = (length: number, from = 0) =>
  Buffer.from(Array.from({ length }, (_, at) => (from + at * 7) % 251))

async function endReasonOf({ callSid }: Caller): Promise<string | null> {
  const { data } = await api.ask<{ call: { endReason: string | null } }>(
    'query ($id: ID!) { call(id: $id) { endReason } }',
    { id: callSid },
    key,
  )
  return data.call.endReason
}

describe('the conversation', () => {
  test('the phone is answered with a sentence and a stream of its own', async () => {
    const caller = newCaller()
    const twiml = await caller.ring()
    expect(twiml).toContain('<Say>Connecting you to the Deepgram Boba Rista.</Say>')
    expect(twiml).toContain(`<Stream url="${voice.url.replace('http', 'ws')}/twilio"`)
    expect(twiml).toMatch(/<Connect action="[^"]+\/voice\/after-stream" method="POST">/)
    expect(twiml).not.toContain(caller.from.slice(2))
  })

  test('the agent is told who it is, the menu and its functions, and greets word for word', async () => {
    const caller = await newCaller().connect()
    const line = await agent.call()
    const settings = (await line.settings()) as unknown as {
      audio: object
      agent: { greeting: string; think: { prompt: string; functions: { name: string }[] } }
    }
    expect(settings.audio).toEqual({
      input: { encoding: 'mulaw', sample_rate: 8000 },
      output: { encoding: 'mulaw', sample_rate: 8000, container: 'none' },
    })
    expect(settings.agent.greeting).toBe('Hey! I am your Deepgram BobaRista. What would you like to order?')
    expect(settings.agent.think.prompt).toContain('taro milk tea, 5.50 USD')
    expect(settings.agent.think.prompt).toContain(`ending ${caller.from.slice(-4).split('').join(' ')}`)
    expect(settings.agent.think.functions).toHaveLength(16)
  })

  test('who was cut off hears what they had, and the agent goes on with it', async () => {
    const { caller, line } = await talking()
    await line.asks('add_to_cart', { flavor: 'taro', toppings: 'boba' })
    await line.asks('confirm_pending_to_cart')
    await line.asks('add_to_cart', { flavor: 'black milk tea' })
    caller.hangUp()
    await line.closed
    await expect.poll(() => endReasonOf(caller)).toBe('CALLER_HUNG_UP')
    await newCaller({ from: caller.from }).connect()
    const again = await agent.call()
    const { agent: settings } = (await again.settings()) as unknown as {
      agent: { greeting: string; think: { prompt: string } }
    }
    expect(settings.greeting).toMatch(
      /^Hey, welcome back! You had one taro milk tea with boba.*, and one black milk tea.*\. Shall we go on\?$/,
    )
    expect(settings.think.prompt).toMatch(
      /The line broke on an earlier call[^]*In the cart: one taro milk tea/,
    )
    expect(await again.asks('checkout_order', { phone: 'caller id' })).toMatchObject({
      ok: true,
      items: { length: 2 },
    })
  })

  test('what the agent says before the stream is there is heard first, byte by byte', async () => {
    const caller = newCaller()
    await caller.ring()
    const line = await agent.call()
    await line.settings()
    line.says('Hey!', sound(3_001), 977)
    await caller.open()
    caller.start()
    line.says('Are you there?', sound(500, 90))
    expect(await caller.hears(3_501)).toEqual(Buffer.concat([sound(3_001), sound(500, 90)]))
  })

  test('what the caller says before the agent is ready reaches it, in order', async () => {
    agent.options.silent = true
    const caller = newCaller()
    await caller.ring()
    const line = await agent.call()
    await caller.open()
    caller.start()
    caller.speak(sound(800))
    line.send({ type: 'Welcome', request_id: crypto.randomUUID() })
    await line.settings()
    caller.speak(sound(320, 50))
    line.send({ type: 'SettingsApplied' })
    expect(await line.hears(1_120)).toEqual(Buffer.concat([sound(800), sound(320, 50)]))
  })

  test('a process that stood still puts no silence into what the caller says', async () => {
    const standStill = await ownClock()
    const { caller, line } = await talking()
    caller.speak(sound(160, 1))
    const before = (await line.hears(320)).length
    standStill(400)
    // The clock of the calls is late, and looks now.
    await new Promise(resolve => setTimeout(resolve))
    await new Promise(setImmediate)
    caller.speak(sound(320, 2))
    expect((await line.hears(before + 320)).subarray(before)).toEqual(sound(320, 2))
  })

  test('nor does one that is late by little: what has come in is read before the clock looks for gaps', async () => {
    const standStill = await ownClock()
    const { caller, line } = await talking()
    const said = [sound(160)]
    const speak = (from: number) => {
      said.push(sound(160, from))
      caller.speak(said.at(-1)!)
    }
    for (let round = 1; round <= 6; round += 1) {
      // The clock has just looked, and does so every 100 ms.
      for (const time of [60, 45]) {
        speak(10 * round + time)
        await line.hears(160 * said.length)
        standStill(time)
      }
      await new Promise(resolve => setTimeout(resolve))
      // From here the clock comes before what is read next.
      await new Promise(setImmediate)
      speak(10 * round)
      standStill(110)
    }
    expect(await line.hears(160 * said.length)).toEqual(Buffer.concat(said))
  })

  test('who interrupts hears nothing more of the old reply, and all of the next', async () => {
    const { caller, line } = await talking()
    // So long that it is still being played on a busy machine.
    const reply = sound(40_000)
    line.sounds(reply)
    await caller.hears(reply.length)
    line.send({ type: 'UserStartedSpeaking' })
    await caller.cleared()
    line.sounds(sound(1_600, 3))
    line.send({ type: 'AgentAudioDone' })
    line.userSaid('wait')
    line.says('Yes?', sound(400, 9))
    // What was playing fades out within 15 ms, so that the cut is no click.
    const fade = 120
    const heard = await caller.hears(reply.length + fade + 400)
    expect(heard.subarray(0, reply.length)).toEqual(reply)
    expect(heard.subarray(reply.length + fade)).toEqual(sound(400, 9))
  })

  test('after an interruption that nothing follows, sound comes back by itself', async () => {
    const { caller, line } = await talking()
    line.send({ type: 'UserStartedSpeaking' })
    await caller.cleared()
    let heard = false
    const wanted = caller.hears(160).then(() => (heard = true))
    while (!heard) {
      line.sounds(sound(160))
      await Promise.race([wanted, new Promise(resolve => setTimeout(resolve, 50))])
    }
  })

  test('keys reach the agent as what the caller keyed, when the pound key ends them', async () => {
    const { caller, line } = await talking()
    for (const digit of '*5551234567#') caller.press(digit)
    expect(await line.next('InjectUserMessage')).toMatchObject({
      content: expect.stringContaining('5551234567'),
    })
  })

  test('an order comes out of what the agent asks for', async () => {
    const { caller, line } = await talking()
    expect(await line.asks('add_to_cart', { flavor: 'taro', toppings: 'boba' })).toMatchObject({
      staged: true,
    })
    expect(await line.asks('confirm_pending_to_cart')).toMatchObject({ ok: true, cart_count: 1 })
    expect(await line.asks('checkout_order', { phone: 'caller id' })).toMatchObject({ phone: caller.from })
    const { data } = await api.ask<{ call: { order: { number: string } } }>(
      'query ($id: ID!) { call(id: $id) { order { number } } }',
      { id: caller.callSid },
      key,
    )
    expect(data.call.order.number).toMatch(/^\d{4}$/)
  })

  test('several functions in one request are each answered once; arguments that are none get a sentence', async () => {
    const { line } = await talking()
    const ids = line.request(
      { name: 'get_cart', args: {} },
      { name: 'menu_summary', args: {} },
      { name: 'add_to_cart', args: '{"flavor":' },
      { name: 'order_pizza', args: {} },
    )
    const answers = await Promise.all(ids.map(id => line.answer(id)))
    expect(answers.map(({ ok }) => ok)).toEqual([true, true, false, false])
    expect(line.received.rest.filter(({ type }) => type === 'FunctionCallResponse')).toEqual([])
  })

  test('a cancelled function leaves no effect, whether it has run or not', async () => {
    const { line } = await talking()
    expect(await line.asks('add_to_cart', { flavor: 'taro' })).toMatchObject({ staged: true })
    const [answered] = line.request({ name: 'update_pending_item', args: { sweetness: '0%' }, id: 'call_1' })
    await line.answer(answered!)
    line.send({ type: 'FunctionCallCancelled', functions: [{ id: 'call_1', name: 'update_pending_item' }] })
    line.request({ name: 'confirm_pending_to_cart', args: {}, id: 'call_2' })
    line.send({
      type: 'FunctionCallCancelled',
      functions: [{ id: 'call_2', name: 'confirm_pending_to_cart' }],
    })
    await expect
      .poll(() => line.asks('get_cart'))
      .toMatchObject({
        cart_count: 0,
        pending_item: { summary: expect.stringContaining('50% sweet') },
      })
    expect(line.received.rest.filter(({ id }) => id === 'call_2')).toEqual([])
  })

  test('a cancelled function is never answered', async () => {
    const { line } = await talking()
    const [cancelled] = line.request({ name: 'get_cart', args: {} })
    line.send({ type: 'FunctionCallCancelled', functions: [{ id: cancelled!, name: 'get_cart' }] })
    await line.asks('menu_summary')
    expect(line.received.rest.filter(({ id }) => id === cancelled)).toEqual([])
  })

  test('chained functions, with what a thinking model wants back', async () => {
    const { line } = await talking()
    line.send({
      type: 'FunctionCallRequest',
      functions: [
        { id: 'call_1', name: 'get_cart', arguments: '{}', client_side: true, thought_signature: 'abc=' },
      ],
    })
    expect(await line.received.next(({ id }) => id === 'call_1')).toMatchObject({ thought_signature: 'abc=' })
    expect(await line.asks('menu_summary')).toMatchObject({ ok: true })
  })

  test('a function that is asked for twice under one id is run and answered once', async () => {
    const { line } = await talking()
    line.request({ name: 'add_to_cart', args: { flavor: 'taro' }, id: 'call_1' })
    line.request({ name: 'add_to_cart', args: { flavor: 'taro' }, id: 'call_1' })
    await line.answer('call_1')
    await line.asks('menu_summary')
    expect(line.received.rest.filter(({ id }) => id === 'call_1')).toEqual([])
  })

  test('a function that the agent runs itself is not ours to answer', async () => {
    const { line } = await talking()
    line.send({
      type: 'FunctionCallRequest',
      functions: [{ id: 'call_1', name: 'get_cart', arguments: '{}', client_side: false }],
    })
    await line.asks('menu_summary')
    expect(line.received.rest.filter(({ id }) => id === 'call_1')).toEqual([])
  })

  test('half a minute of speech at once is all played, and cut when the caller interrupts', async () => {
    const { caller, line } = await talking()
    line.says('A very long story …', sound(240_000), 8_191)
    expect(await caller.hears(240_000)).toEqual(sound(240_000))
    line.send({ type: 'UserStartedSpeaking' })
    await caller.cleared()
  })

  test('two callers at once never share a cart or a sound', async () => {
    const [one, two] = [await talking(), await talking()]
    await Promise.all([
      one.line.asks('add_to_cart', { flavor: 'taro' }),
      two.line.asks('add_to_cart', { flavor: 'black milk tea' }),
    ])
    expect(await one.line.asks('get_cart')).toMatchObject({
      pending_item: { summary: expect.stringContaining('taro') },
    })
    expect(await two.line.asks('get_cart')).toMatchObject({
      pending_item: { summary: expect.stringContaining('black') },
    })
    one.line.says('one', sound(200))
    two.line.says('two', sound(200, 40))
    expect(await one.caller.hears(200)).toEqual(sound(200))
    expect(await two.caller.hears(200)).toEqual(sound(200, 40))
  })
})

describe('what staff can read of a call', () => {
  test('its words, its functions and its numbers', async () => {
    const { caller, line } = await talking()
    line.says('What would you like to order?', sound(160))
    await caller.hears(160)
    line.userSaid('a taro milk tea')
    await line.asks('add_to_cart', { flavor: 'taro' })
    line.says('One taro milk tea. Is that right?', sound(160))
    await caller.hears(320)
    line.send({ type: 'UserStartedSpeaking' })
    await caller.cleared()
    line.sounds(sound(800))
    line.userSaid('yes')
    line.says('Fine.', sound(80))
    await caller.mark()
    caller.hangUp()
    await expect.poll(() => endReasonOf(caller)).toBe('CALLER_HUNG_UP')
    const read = async (as: string) =>
      (
        await api.ask<{ call: object }>(
          `query ($id: ID!) { call(id: $id) {
            transcript { speaker text }
            functions { name arguments answer }
            metrics { durationMs greetingMs replyMedianMs replyMaxMs functionMaxMs interruptions droppedMs agentLosses }
          } }`,
          { id: caller.callSid },
          as,
        )
      ).data.call
    expect(await read(key)).toEqual({
      transcript: [
        { speaker: 'AGENT', text: 'What would you like to order?' },
        { speaker: 'CALLER', text: 'a taro milk tea' },
        { speaker: 'AGENT', text: 'One taro milk tea. Is that right?' },
        { speaker: 'CALLER', text: 'yes' },
        { speaker: 'AGENT', text: 'Fine.' },
      ],
      functions: [
        {
          name: 'addToCart',
          arguments: { drink: { flavor: 'taro' } },
          answer: expect.objectContaining({ ok: true }),
        },
      ],
      metrics: {
        durationMs: expect.any(Number),
        greetingMs: expect.any(Number),
        replyMedianMs: expect.any(Number),
        replyMaxMs: expect.any(Number),
        functionMaxMs: expect.any(Number),
        interruptions: 1,
        droppedMs: 100,
        agentLosses: 0,
      },
    })
  })
})

describe('the end of a call', () => {
  test('a goodbye is heard to its end, then Twilio is told to hang up', async () => {
    const { caller, line } = await talking()
    await line.asks('end_call')
    line.says('Goodbye!', sound(800))
    const mark = await caller.mark()
    expect(await endReasonOf(caller)).toBeNull()
    caller.echo(mark)
    await caller.givenBack()
    expect(await line.closed).toBe(1000)
    expect(await endReasonOf(caller)).toBe('GOODBYE')
    expect((await caller.webhook('/voice/after-stream')).body).toContain('<Response><Hangup/></Response>')
  })

  // Otherwise only the deadline of fifteen seconds would end the call.
  test(
    'replies from before the stream count as heard with the one mark that closes them',
    { timeout: 10_000 },
    async () => {
      const caller = newCaller()
      await caller.ring()
      const line = await agent.call()
      await line.settings()
      line.says('Hey!', sound(160))
      line.says('What would you like?', sound(160))
      await caller.open()
      caller.start()
      await caller.hears(320)
      caller.echo(await caller.mark())
      await line.asks('end_call')
      line.says('Goodbye!', sound(160))
      caller.echo(await caller.mark())
      await caller.givenBack()
    },
  )

  test('a goodbye while the api is away ends as one', async () => {
    const proxy = await startProxy(api.url)
    await voice.close()
    voice = await start({ apiUrl: proxy.url, patience: { answer: 5_000 } })
    try {
      const { caller, line } = await talking()
      await line.asks('end_call')
      proxy.cut()
      line.says('Goodbye!', sound(160))
      caller.echo(await caller.mark())
      await caller.givenBack()
      expect((await caller.webhook('/voice/after-stream')).body).toContain('<Response><Hangup/></Response>')
    } finally {
      await proxy.close()
    }
  })

  test('who interrupts the goodbye goes on talking', async () => {
    const { caller, line } = await talking()
    await line.asks('end_call')
    line.says('Goodbye!', sound(800))
    const mark = await caller.mark()
    line.send({ type: 'UserStartedSpeaking' })
    await caller.cleared()
    caller.echo(mark)
    line.userSaid('wait, one more')
    line.says('Sure, which one?', sound(80))
    caller.echo(await caller.mark())
    expect(await line.asks('add_to_cart', { flavor: 'taro' })).toMatchObject({ staged: true })
  })

  test('who asks for a person is put through', async () => {
    const { caller, line } = await talking()
    await line.asks('transfer_to_staff')
    line.says('One moment.', sound(160))
    caller.echo(await caller.mark())
    await caller.givenBack()
    expect((await caller.webhook('/voice/after-stream')).body).toMatch(/<Dial[^>]*>\+15550009999<\/Dial>/)
    expect((await caller.webhook('/voice/after-dial', { DialCallStatus: 'no-answer' })).body).toMatch(
      /<Say>.+<\/Say><Hangup\/>/,
    )
  })

  test('who hangs up before their sound is connected is known by the status callback', async () => {
    const caller = newCaller()
    await caller.ring()
    await caller.webhook('/voice/status', { CallStatus: 'completed' })
    expect(await endReasonOf(caller)).toBe('CALLER_HUNG_UP')
  })

  test('a stream may come to another voice process than the webhook', async () => {
    const other = await start()
    try {
      const caller = newCaller()
      const twiml = await caller.ring()
      const first = await agent.call()
      await first.settings()
      const token = /value="([^"]+)"/.exec(twiml)![1]!
      const elsewhere = newCaller({ voiceUrl: other.url, callSid: caller.callSid })
      await elsewhere.open()
      elsewhere.start(token)
      const second = await agent.call()
      await second.settings()
      expect(await second.asks('add_to_cart', { flavor: 'taro' })).toMatchObject({ staged: true })
      expect(await endReasonOf(caller)).toBeNull()
      elsewhere.drop()
    } finally {
      await other.close()
    }
  })

  test('its numbers are kept when Twilio is the first to say that it is over', async () => {
    const { caller } = await talking()
    await caller.webhook('/voice/status', { CallStatus: 'completed' })
    caller.hangUp()
    const metrics = async () =>
      (
        await api.ask<{ call: { metrics: object | null } }>(
          'query ($id: ID!) { call(id: $id) { metrics { durationMs } } }',
          { id: caller.callSid },
          key,
        )
      ).data.call.metrics
    await expect.poll(metrics).toEqual({ durationMs: expect.any(Number) })
  })

  test('who hangs up is let go: the agent socket closes and the api knows why', async () => {
    const { caller, line } = await talking()
    caller.hangUp()
    expect(await line.closed).toBe(1000)
    await expect.poll(() => endReasonOf(caller)).toBe('CALLER_HUNG_UP')
  })

  test('a stop that comes twice, or in the middle of a function, ends the call once and takes nothing back', async () => {
    const { caller, line } = await talking()
    line.request({ name: 'add_to_cart', args: { flavor: 'taro' } })
    caller.stop()
    caller.stop()
    expect(await line.closed).toBe(1000)
    await expect.poll(() => endReasonOf(caller)).toBe('CALLER_HUNG_UP')
  })

  test('a line that takes no sound any more is given up before it fills the memory', async () => {
    const { caller, line } = await talking()
    caller.stall()
    const closed = line.closed
    for (let second = 0; second < 900; second += 1) line.sounds(sound(8_000))
    expect(await closed).toBe(1000)
    await expect.poll(() => endReasonOf(caller)).toBe('FAILED')
  })

  test('a line that is dead although its connection is open is given up', async () => {
    await voice.close()
    voice = await start({ patience: { alive: 50 } })
    const { caller, line } = await talking()
    await caller.answersPing()
    caller.stall()
    expect(await line.closed).toBe(1000)
    await expect.poll(() => endReasonOf(caller)).toBe('FAILED')
  })

  test('a connection that breaks off is answered with a sentence: the caller may still be there', async () => {
    const caller = newCaller()
    await caller.ring()
    const socket = await caller.open()
    caller.start()
    const line = await agent.call()
    await line.settings()
    socket.terminate()
    expect(await line.closed).toBe(1000)
    await expect.poll(() => endReasonOf(caller)).toBe('FAILED')
    expect((await caller.webhook('/voice/after-stream')).body).toMatch(/<Say>Sorry, we lost the connection/)
  })

  test('an agent whose caller never comes is given back', async () => {
    await voice.close()
    voice = await start({ patience: { stream: 100 } })
    await newCaller().ring()
    const line = await agent.call()
    expect(await line.closed).toBe(1000)
  })
})

describe('an agent that fails', () => {
  const apology = /<Say>Sorry, we lost the connection.*<\/Say><Dial[^>]*>\+15550009999<\/Dial>/

  test.each([
    [401, 'AGENT_LOST', apology],
    [429, 'BUSY', /<Say>All our lines are busy.*<\/Say><Dial[^>]*>\+15550009999<\/Dial>/],
  ])('refuses with %i: the caller hears a sentence and is put through', async (refuse, reason, sentence) => {
    await voice.close()
    voice = await start({ patience: { agent: 1_000 } })
    agent.options.refuse = refuse
    const caller = await newCaller().connect()
    await caller.givenBack()
    expect(await endReasonOf(caller)).toBe(reason)
    expect((await caller.webhook('/voice/after-stream')).body).toMatch(sentence)
  })

  test('is not there any more although its connection is open: another one takes over', async () => {
    await voice.close()
    voice = await start({ patience: { alive: 50 } })
    const { line } = await talking()
    // Only one that has answered is judged by its silence.
    await line.answersPing()
    line.stall()
    const next = await agent.call()
    await next.settings()
    expect(await next.next('InjectAgentMessage')).toMatchObject({ message: expect.stringContaining('Sorry') })
  })

  test('takes sound more slowly than it is spoken: another one takes over', async () => {
    const { caller, line } = await talking()
    line.stall()
    // Besides what voice keeps, the network takes some megabytes.
    let taken = false
    const next = agent.call().finally(() => (taken = true))
    while (!taken) {
      caller.speak(sound(160_000))
      await new Promise(resolve => setImmediate(resolve))
    }
    await (await next).settings()
  })

  test('is lost while the api is away: the next one is told that it does not know the cart', async () => {
    const proxy = await startProxy(api.url)
    await voice.close()
    voice = await start({ apiUrl: proxy.url, patience: { recall: 100 } })
    try {
      const { line } = await talking()
      await line.asks('add_to_cart', { flavor: 'taro' })
      proxy.cut()
      line.close(1011)
      const next = await agent.call()
      const { agent: settings } = (await next.settings()) as unknown as {
        agent: { think: { prompt: string } }
      }
      expect(settings.think.prompt).toContain('Call get_cart and order_is_placed before')
      expect(settings.think.prompt).not.toContain('Staged, not confirmed')
    } finally {
      await proxy.close()
    }
  })

  test.each<[string, (line: AgentCall) => void]>([
    ['closes', line => line.close(1011)],
    ['says Error', line => line.send({ type: 'Error', description: 'No.', code: 'FAILED_TO_THINK' })],
  ])('%s: the caller hears a sentence, and another agent goes on where it stopped', async (_what, fail) => {
    const { caller, line } = await talking()
    line.userSaid('a taro milk tea')
    await line.asks('add_to_cart', { flavor: 'taro' })
    line.says('One taro milk tea. Is that right?', sound(160))
    await caller.hears(160)
    fail(line)
    const heard = await caller.hears(160 + sentences.oneMoment.length)
    expect(heard.subarray(160)).toEqual(sentences.oneMoment)

    const next = await agent.call()
    const { agent: settings } = (await next.settings()) as unknown as {
      agent: { greeting?: string; think: { prompt: string }; context: { messages: object[] } }
    }
    expect(settings.greeting).toBeUndefined()
    expect(settings.context.messages).toEqual([
      { type: 'History', role: 'user', content: 'a taro milk tea' },
      { type: 'History', role: 'assistant', content: 'One taro milk tea. Is that right?' },
    ])
    expect(settings.think.prompt).toContain('Staged, not confirmed: one taro milk tea')
    expect(await next.next('InjectAgentMessage')).toMatchObject({ message: expect.stringContaining('Sorry') })
    expect(await next.asks('confirm_pending_to_cart')).toMatchObject({ ok: true, cart_count: 1 })
    next.says('It is in your cart.', sound(80, 5))
    expect((await caller.hears(heard.length + 80)).subarray(heard.length)).toEqual(sound(80, 5))
  })

  test('what the caller says while no agent listens reaches the next one', async () => {
    const { caller, line } = await talking()
    agent.options.silent = true
    line.close(1011)
    const next = await agent.call()
    caller.speak(sound(800, 3))
    next.send({ type: 'Welcome', request_id: crypto.randomUUID() })
    await next.settings()
    next.send({ type: 'SettingsApplied' })
    expect(Buffer.concat([await next.hears(800)]).includes(sound(800, 3))).toBe(true)
  })

  test('cannot be called back: the call is given back with an apology', async () => {
    await voice.close()
    voice = await start({ patience: { agent: 1_000 } })
    const { caller, line } = await talking()
    agent.options.refuse = 503
    line.close(1011)
    await caller.givenBack()
    expect(await endReasonOf(caller)).toBe('AGENT_LOST')
    expect((await caller.webhook('/voice/after-stream')).body).toMatch(apology)
  })

  test('is silent: the caller does not wait for ever', async () => {
    await voice.close()
    voice = await start({ patience: { welcome: 200, agent: 1_000 } })
    agent.options.silent = true
    const caller = await newCaller().connect()
    await caller.givenBack()
    expect(await endReasonOf(caller)).toBe('AGENT_LOST')
  })

  test('welcomes and then says nothing: the caller does not wait for ever', async () => {
    await voice.close()
    voice = await start({ patience: { welcome: 200, agent: 1_000 } })
    agent.options.silent = true
    const caller = newCaller()
    await caller.ring()
    const line = await agent.call()
    line.send({ type: 'Welcome', request_id: crypto.randomUUID() })
    await line.settings()
    await caller.open()
    caller.start()
    await caller.givenBack()
    expect(await endReasonOf(caller)).toBe('AGENT_LOST')
  })

  test('refuses once before the greeting: nobody is told sorry for what they did not notice', async () => {
    agent.options.refuse = 429
    const caller = newCaller()
    const refused = agent.refused()
    await caller.ring()
    await refused
    agent.options.refuse = undefined
    const line = await agent.call()
    await line.settings()
    await line.asks('get_cart')
    expect(line.received.rest.filter(({ type }) => type === 'InjectAgentMessage')).toEqual([])
  })

  test('is away while keys are pressed: the next one is told of them', async () => {
    const { caller, line } = await talking()
    agent.options.silent = true
    line.close(1011)
    const next = await agent.call()
    for (const digit of '5551234567#') caller.press(digit)
    // The keys are looked up at the api meanwhile; asked after them, it has answered them before.
    for (let asked = 0; asked < 10; asked += 1) await api.ask('{ me { kind } }')
    caller.speak(sound(160))
    next.send({ type: 'Welcome', request_id: crypto.randomUUID() })
    await next.settings()
    next.send({ type: 'SettingsApplied' })
    expect(await next.next('InjectUserMessage')).toMatchObject({
      content: expect.stringContaining('5551234567'),
    })
  })

  test('sends junk: the call goes on', async () => {
    const { caller, line } = await talking()
    for (const junk of [
      '',
      '{',
      'null',
      '[]',
      '{"type":7}',
      '{"type":"Nonsense"}',
      '{"type":"FunctionCallRequest"}',
    ]) {
      line.sendJunk(junk)
    }
    line.says('Still here.', sound(160))
    expect(await caller.hears(160)).toEqual(sound(160))
  })
})

describe('a caller who', () => {
  test('says nothing is asked twice, told goodbye and hung up on', async () => {
    await voice.close()
    voice = await start({ patience: { quiet: 150 } })
    const { caller, line } = await talking()
    for (let asked = 0; asked < 2; asked += 1) {
      expect(await line.next('InjectAgentMessage')).toMatchObject({ message: 'Are you still there?' })
    }
    const heard = await caller.hears(sentences.unheardGoodbye.length)
    expect(heard).toEqual(sentences.unheardGoodbye)
    caller.echo(await caller.mark())
    await caller.givenBack()
    expect(await endReasonOf(caller)).toBe('SILENCE')
    expect((await caller.webhook('/voice/after-stream')).body).toContain('<Response><Hangup/></Response>')
  })

  test('talks for ever is told so', async () => {
    await voice.close()
    voice = await start({ patience: { call: 300 } })
    const { caller } = await talking()
    expect(await caller.hears(sentences.tooLong.length)).toEqual(sentences.tooLong)
    caller.echo(await caller.mark())
    await caller.givenBack()
    expect(await endReasonOf(caller)).toBe('TOO_LONG')
  })

  test('sends no sound still sounds silent to the agent', async () => {
    const { line } = await talking()
    const heard = await line.hears(160 + 800)
    expect(heard.subarray(160, 160 + 800).every(byte => byte === 0xff)).toBe(true)
  })

  test('waits for a slow function hears a filler', async () => {
    await voice.close()
    voice = await start({ patience: { filler: 0 } })
    const { line } = await talking()
    await line.asks('menu_summary')
    expect(await line.next('InjectAgentMessage')).toMatchObject({ message: 'One moment, please.' })
  })
})

describe('when the process shall stop', () => {
  test('live calls go on, new ones are sent away, and who is left is handed over', async () => {
    await voice.close()
    voice = await start({ patience: { drain: 500, farewell: 0 } })
    const { caller, line } = await talking()
    const closed = voice.close()
    const health = await fetch(`${voice.url}/healthz`)
    expect([health.status, await health.json()]).toEqual([503, { status: 'draining', calls: 1 }])
    expect(await newCaller().ring()).toMatch(/<Say>Sorry, we cannot take your order.*<\/Say><Dial/)
    expect(await line.asks('get_cart')).toMatchObject({ ok: true })
    expect(await caller.hears(sentences.handOver.length)).toEqual(sentences.handOver)
    caller.echo(await caller.mark())
    await closed
    expect(await endReasonOf(caller)).toBe('SHUTDOWN')
  })

  test('a process whose last call ends does not wait longer', async () => {
    await voice.close()
    voice = await start({ patience: { drain: 60_000 } })
    const { caller } = await talking()
    const closed = voice.close()
    caller.hangUp()
    await closed
  })
})

describe('a stream that is none', () => {
  test.each<[string, string | Buffer]>([
    ['garbage', 'hello'],
    ['a binary frame', Buffer.from('{"event":"start"}')],
    ['media before start', '{"event":"media","media":{"payload":"//8="}}'],
    ['a start without a call', '{"event":"start","streamSid":"MZ1","start":{}}'],
    ['a frame of a megabyte', 'x'.repeat(1_000_000)],
  ])('%s: closed', async (_what, frame) => {
    const caller = newCaller()
    const socket = await caller.open()
    socket.send(frame)
    expect([1008, 1009]).toContain(await caller.givenBack())
  })

  test('that never says start: closed', async () => {
    await voice.close()
    voice = await start({ patience: { start: 100 } })
    const caller = newCaller()
    await caller.open()
    expect(await caller.givenBack()).toBe(1008)
  })

  test.each([
    ['no token', ''],
    ['a made-up token', `${Date.now() + 60_000}.${'A'.repeat(43)}`],
  ])('with %s: closed, and the call waits for the right one', async (_what, token) => {
    const caller = newCaller()
    await caller.ring()
    await caller.open()
    caller.start(token)
    expect(await caller.givenBack()).toBe(1008)
  })

  test('with the token of another call: closed', async () => {
    const other = newCaller()
    const token = /value="([^"]+)"/.exec(await other.ring())![1]!
    const caller = newCaller()
    await caller.ring()
    await caller.open()
    caller.start(token)
    expect(await caller.givenBack()).toBe(1008)
  })

  test('garbage in the middle of a call does not end it', async () => {
    const caller = newCaller()
    await caller.ring()
    const socket = await caller.open()
    caller.start()
    const line = await agent.call()
    await line.settings()
    for (const junk of ['', '{', '{"event":"media"}', '{"event":"dance"}', Buffer.from([1, 2, 3])])
      socket.send(junk)
    caller.speak(sound(160))
    expect(await line.hears(160)).toEqual(sound(160))
  })

  test('anywhere but /twilio there is no socket', async () => {
    const answer = await fetch(`${voice.url}/twilio`)
    expect(answer.status).toBe(404)
  })
})

describe('signatures', () => {
  const authToken = '12345678901234567890123456789012'
  const publicUrl = 'https://boba.example.com'
  beforeEach(async () => {
    await voice.close()
    voice = await start({ twilioAuthToken: authToken, publicUrl })
  })

  test('what Twilio signed is taken, and its stream is asked for at the public address', async () => {
    const caller = newCaller({ authToken, publicUrl })
    expect(await caller.ring()).toContain('<Stream url="wss://boba.example.com/twilio"')
    await caller.open()
    caller.start()
    const line = await agent.call()
    await line.settings()
    caller.speak(sound(160))
    expect(await line.hears(160)).toEqual(sound(160))
  })

  test.each([
    ['none', {}],
    ['one by another token', { authToken: 'x'.repeat(32), publicUrl }],
    ['one for another address', { authToken, publicUrl: 'https://elsewhere.example.com' }],
  ])('a webhook with %s is refused', async (_what, options) => {
    const { status, body } = await newCaller(options).webhook('/voice')
    expect(status).toBe(403)
    expect(body).not.toContain('<')
  })

  test('a stream without one is refused', async () => {
    await expect(newCaller().open()).rejects.toThrow('403')
    await expect(newCaller().open({ 'X-Twilio-Signature': 'PGLrn08/Ba1sEIuSwPQRBPD54PA=' })).rejects.toThrow(
      '403',
    )
  })
})

describe('when something is away', () => {
  test('the api: the caller hears a sentence and is put through', async () => {
    await voice.close()
    voice = await start({ apiUrl: 'http://127.0.0.1:9', patience: { answer: 200 } })
    const caller = newCaller()
    expect(await caller.ring()).toMatch(/<Say>Sorry, we cannot take your order.*<\/Say><Dial/)
    expect((await caller.webhook('/voice/after-stream')).body).toMatch(/<Say>Sorry/)
  })

  test('a free line: one call too many is told so', async () => {
    await voice.close()
    voice = await start({ maxCalls: 1 })
    await newCaller().ring()
    expect(await newCaller().ring()).toMatch(/<Say>All our lines are busy.*<\/Say><Dial/)
  })

  test('Twilio asks twice: both answers lead to the same call', async () => {
    const caller = newCaller()
    await caller.ring()
    await caller.ring()
    await agent.call()
    const { calls } = (await (await fetch(`${voice.url}/healthz`)).json()) as { calls: number }
    expect(calls).toBe(1)
  })

  test('Twilio asks twice at the same moment: one call, which outlives the wait for a stream', async () => {
    await voice.close()
    voice = await start({ patience: { stream: 300 } })
    const caller = newCaller()
    await Promise.all([caller.ring(), caller.ring()])
    await caller.open()
    caller.start()
    const line = await agent.call()
    await line.settings()
    // Had there been a second one, its wait would end now and take the live one with it.
    const unclaimed = newCaller()
    await unclaimed.ring()
    const other = await agent.call()
    await other.closed
    expect(await (await fetch(`${voice.url}/healthz`)).json()).toEqual({ status: 'ok', calls: 1 })
    caller.speak(sound(160))
    await line.hears(160 + 1_600)
  })

  test('a free line, however many ring at once', async () => {
    await voice.close()
    voice = await start({ maxCalls: 2 })
    const answers = await Promise.all(Array.from({ length: 8 }, () => newCaller().ring()))
    expect(answers.filter(twiml => twiml.includes('<Stream'))).toHaveLength(2)
  })

  test('health and numbers can be asked for', async () => {
    await talking()
    expect(await (await fetch(`${voice.url}/healthz`)).json()).toEqual({ status: 'ok', calls: 1 })
    expect(await (await fetch(`${voice.url}/metrics`)).text()).toContain('bobarista_live_calls 1')
  })
})
