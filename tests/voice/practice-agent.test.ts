import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { startPracticeAgent } from '../../voice/practice/agent.ts'
import { Demodulator, modulate } from '../../voice/practice/modem.ts'
import { Inbox } from '../support/inbox.ts'
import { faultOf } from '../support/wire.ts'
import { decodeMulaw, encodeMulaw } from './practice-sound.ts'

interface Message {
  type: string
  role?: string
  content?: string
  code?: string
  description?: string
  functions?: { id: string; name: string; arguments: string; client_side: boolean }[]
  function_calls?: { id: string; response: string }[]
}

const formats = {
  mulaw: {
    input: { encoding: 'mulaw', sample_rate: 8_000 },
    output: { encoding: 'mulaw', sample_rate: 8_000, container: 'none' },
  },
  linear16: {
    input: { encoding: 'linear16', sample_rate: 48_000 },
    output: { encoding: 'linear16', sample_rate: 24_000, container: 'none' },
  },
}
type Encoding = keyof typeof formats

const functions = [
  {
    name: 'add_to_cart',
    description: 'Stage a drink.',
    parameters: { type: 'object', properties: { flavor: { type: 'string', enum: ['taro milk tea'] } } },
    defer_until_eot: true,
  },
  { name: 'get_cart', description: 'The cart.', parameters: { type: 'object', properties: {} } },
]
const greeting = 'Hey! What would you like to order?'
const staged = JSON.stringify({ ok: true, pending_item: { summary: 'one taro milk tea' } })

function settings(encoding: Encoding = 'mulaw', agent: object = { greeting }, more: object = {}): object {
  return {
    type: 'Settings',
    audio: formats[encoding],
    agent: {
      listen: { provider: { type: 'deepgram', model: 'nova-3', language: 'en' } },
      think: { provider: { type: 'google', model: 'gemini-2.5-flash' }, prompt: 'Sell tea.', functions },
      speak: { provider: { type: 'deepgram', model: 'aura-2-odysseus-en' } },
      ...agent,
    },
    ...more,
  }
}

let agent: Awaited<ReturnType<typeof startPracticeAgent>>
let clients: Client[]
beforeEach(async () => {
  clients = []
  agent = await startPracticeAgent()
})
afterEach(async () => {
  await agent.close()
  expect(clients.flatMap(({ faults }) => faults)).toEqual([])
})

/** A client as a bridge is one: it holds every message to the schema, and listens to the sound. */
class Client {
  readonly inbox = new Inbox<Message>()
  readonly heard = new Inbox<string>()
  readonly faults: string[] = []
  readonly chunks: Buffer[] = []
  readonly closed: Promise<number>
  readonly #socket: WebSocket
  readonly #encoding: Encoding

  constructor(url = agent.url, encoding: Encoding = 'mulaw') {
    this.#encoding = encoding
    this.#socket = new WebSocket(url, { headers: { Authorization: 'Token practice' } })
    const ear = new Demodulator(formats[encoding].output.sample_rate).on('text', text =>
      this.heard.push(text),
    )
    this.#socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) {
        this.chunks.push(data)
        ear.push(this.#decode(data))
        return
      }
      const message = JSON.parse(data.toString()) as Message
      const fault = faultOf.fromDeepgram(message)
      if (fault) this.faults.push(fault)
      this.inbox.push(message)
    })
    this.closed = new Promise(resolve =>
      this.#socket.once('close', code => {
        this.inbox.close('the connection is closed')
        resolve(code)
      }),
    )
    clients.push(this)
  }

  /** Opens a conversation and waits until it stands. */
  static async talking(body = settings(), encoding: Encoding = 'mulaw'): Promise<Client> {
    const client = new Client(agent.url, encoding)
    await client.next('Welcome')
    client.send(body)
    await client.next('SettingsApplied')
    return client
  }

  next(type: string, matches: (message: Message) => boolean = () => true): Promise<Message> {
    return this.inbox.next(message => message.type === type && matches(message))
  }

  says(words: string): Promise<Message> {
    return this.next('ConversationText', ({ role, content }) => role === 'assistant' && content === words)
  }

  async asked(): Promise<NonNullable<Message['functions']>[number]> {
    const { functions } = await this.next('FunctionCallRequest')
    expect(functions).toHaveLength(1)
    return functions![0]!
  }

  send(message: object): void {
    this.#socket.send(JSON.stringify(message))
  }

  sendRaw(data: string | Buffer): void {
    this.#socket.send(data)
  }

  answer({ id, name }: { id: string; name: string }, content: string): void {
    this.send({ type: 'FunctionCallResponse', id, name, content })
  }

  /**
   * Says something aloud.
   * @param share how much of it
   * @param silence after it, in seconds
   */
  speak(words: string, { share = 1, silence = 0.1 } = {}): void {
    const rate = formats[this.#encoding].input.sample_rate
    const message = modulate(words, rate)
    const said = message.subarray(0, Math.floor(message.length * share))
    const samples = new Int16Array(said.length + rate * silence)
    samples.set(said)
    const bytes = this.#encoding === 'mulaw' ? Buffer.from(encodeMulaw(samples)) : Buffer.from(samples.buffer)
    // Chunks that split samples.
    for (let at = 0; at < bytes.length; at += 1_921) this.#socket.send(bytes.subarray(at, at + 1_921))
  }

  close(): void {
    this.#socket.close(1000)
  }

  #decode = (() => {
    let half = Buffer.alloc(0)
    return (data: Buffer): Int16Array => {
      if (this.#encoding === 'mulaw') return decodeMulaw(data)
      const bytes = Buffer.concat([half, data])
      const whole = bytes.length & ~1
      half = bytes.subarray(whole)
      return new Int16Array(new Uint8Array(bytes.subarray(0, whole)).buffer)
    }
  })()
}

describe.each(['mulaw', 'linear16'] as const)('in %s', encoding => {
  test('greets, hears, calls a function, and answers, all by sound', async () => {
    const client = await Client.talking(settings(encoding), encoding)
    await client.says('Hey!')
    await client.next('AgentAudioDone')
    expect(await client.heard.next()).toBe('Hey!')
    expect(await client.heard.next()).toBe('What would you like to order?')
    expect(client.chunks.some(({ length }) => length % 2 === 1)).toBe(true)

    client.speak('A taro milk tea, please 🧋')
    await client.next('UserStartedSpeaking')
    await client.next('ConversationText', ({ role, content }) => {
      return role === 'user' && content === 'A taro milk tea, please 🧋'
    })
    await client.next('EndOfTurn')
    const call = await client.asked()
    expect(call).toMatchObject({ name: 'add_to_cart', client_side: true })
    expect(JSON.parse(call.arguments)).toEqual({ flavor: 'taro milk tea' })
    client.answer(call, staged)
    expect(await client.next('History', ({ function_calls }) => function_calls !== undefined)).toEqual({
      type: 'History',
      function_calls: [{ ...call, response: staged }],
    })
    await client.next('LatencyReport', message => 'total_latency' in message)
    await client.says('Is that right?')
    await client.next('AgentAudioDone')
    expect(await client.heard.next()).toBe('That is one taro milk tea.')
    expect(await client.heard.next()).toBe('Is that right?')
  })
})

test('the transcript comes a second time as history, unless it is switched off', async () => {
  const client = await Client.talking()
  await client.next('History', ({ role, content }) => role === 'assistant' && content === 'Hey!')
  await client.next('AgentAudioDone')
  const quiet = await Client.talking(settings('mulaw', { greeting }, { flags: { history: false } }))
  await quiet.next('AgentAudioDone')
  expect(quiet.inbox.rest.filter(({ type }) => type === 'History')).toEqual([])
})

test('the id of a function call stands for one effect: it is never given twice', async () => {
  const ids = await Promise.all(
    [1, 2].map(async () => {
      const client = await Client.talking(settings('mulaw', {}))
      client.send({ type: 'InjectUserMessage', content: 'taro milk tea' })
      return (await client.asked()).id
    }),
  )
  expect(new Set(ids).size).toBe(2)
  for (const id of ids) expect(id).toMatch(/^call_[0-9a-f]{24}$/)
})

test('a caller who speaks makes the agent stop', async () => {
  const long = 'tea '.repeat(200).trim()
  const client = await Client.talking(settings('mulaw', { greeting: long }))
  await client.says(long)
  client.speak('bye')
  await client.next('UserStartedSpeaking')
  await client.next('ConversationText', ({ role }) => role === 'user')
  const sent = client.chunks.reduce((sum, { length }) => sum + length, 0)
  expect(sent).toBeLessThan(modulate(long, 8_000).length)
  await client.says('Thank you for calling.')
  // The reply that was cut off is never called complete: this is the end of the second one.
  await client.next('AgentAudioDone')
  expect(client.inbox.rest.filter(({ type }) => type === 'AgentAudioDone')).toEqual([])
})

test('an interrupted call is cancelled when it has no effect, and awaited in silence when it has', async () => {
  const client = await Client.talking(settings('mulaw', {}))
  client.send({ type: 'InjectUserMessage', content: "what's in my cart" })
  const look = await client.asked()
  client.speak('a taro milk tea')
  const { functions } = await client.next('FunctionCallCancelled')
  expect(functions).toEqual([{ id: look.id, name: 'get_cart' }])
  client.answer(look, '{"ok":true,"items":[]}')

  const stage = await client.asked()
  expect(stage.name).toBe('add_to_cart')
  client.speak('yes')
  await client.next('ConversationText', ({ role, content }) => role === 'user' && content === 'yes')
  client.answer(stage, staged)
  // Not read back any more; the yes is for a function this line does not have.
  await client.says('I am afraid I cannot do that.')
  const said = client.inbox.rest.map(({ content }) => content)
  expect(said).not.toContain('That is one taro milk tea.')
  expect(said).not.toContain('Your cart is empty.')
})

test('what is damaged on the way is asked again', async () => {
  const client = await Client.talking()
  await client.next('AgentAudioDone')
  client.speak('a taro milk tea with everything', { share: 0.6, silence: 1 })
  await client.next('UserStartedSpeaking')
  await client.next('EndOfTurn')
  await client.says('Sorry, I did not catch that.')
})

test('an earlier conversation is taken up without a greeting', async () => {
  const messages = [
    { type: 'History', role: 'user', content: 'a taro milk tea' },
    { type: 'History', role: 'assistant', content: 'Is that right?' },
  ]
  const client = await Client.talking(settings('mulaw', { context: { messages } }))
  client.send({ type: 'InjectUserMessage', content: 'pardon?' })
  await client.says('Is that right?')
  await client.next('AgentAudioDone')
  expect(client.inbox.rest.map(({ content }) => content)).not.toContain('Hey!')
})

describe('an injected message', () => {
  const inject = (behavior?: string) => ({ type: 'InjectAgentMessage', message: 'One moment.', behavior })

  test('is spoken when nobody speaks', async () => {
    const client = await Client.talking(settings('mulaw', {}))
    client.send(inject())
    await client.says('One moment.')
    await client.next('AgentAudioDone')
    expect(await client.heard.next()).toBe('One moment.')
  })

  test('is refused while the caller speaks, or the agent', async () => {
    const client = await Client.talking(settings('mulaw', { greeting: 'tea '.repeat(100) }))
    await client.next('ConversationText')
    client.send(inject())
    await client.next('InjectionRefused')
    client.speak('I would like to say something long', { share: 0.5, silence: 0 })
    await client.next('UserStartedSpeaking')
    client.send(inject('queue'))
    await client.next('InjectionRefused')
  })

  test('is spoken while a function runs, and takes the place of what is said when it interrupts', async () => {
    const client = await Client.talking(settings('mulaw', {}))
    client.send({ type: 'InjectUserMessage', content: 'taro milk tea' })
    const call = await client.asked()
    client.send(inject('queue'))
    await client.says('One moment.')
    await client.next('AgentAudioDone')
    client.answer(call, staged)
    await client.says('Is that right?')
    client.send(inject('interrupt'))
    await client.says('One moment.')
  })
})

test('updates are acknowledged, and a new menu holds at once', async () => {
  const client = await Client.talking(settings('mulaw', {}))
  const listen = { provider: { type: 'deepgram', model: 'nova-3' } }
  const think = {
    provider: { type: 'google', model: 'gemini-2.5-flash' },
    functions: [{ ...functions[0]!, parameters: { properties: { flavor: { enum: ['mango tea'] } } } }],
  }
  client.send({ type: 'UpdatePrompt', prompt: 'Boba is sold out.' })
  await client.next('PromptUpdated')
  client.send({ type: 'UpdateListen', listen })
  await client.next('ListenUpdated')
  client.send({ type: 'UpdateSpeak', speak: { provider: { type: 'deepgram', model: 'aura-2-odysseus-en' } } })
  await client.next('SpeakUpdated')
  client.send({ type: 'UpdateThink', think })
  await client.next('ThinkUpdated')
  client.send({ type: 'KeepAlive' })
  client.send({ type: 'ForceEndTurn' })
  client.send({ type: 'InjectUserMessage', content: 'mango tea' })
  expect(JSON.parse((await client.asked()).arguments)).toEqual({ flavor: 'mango tea' })
})

describe('what the real one refuses is refused', () => {
  test('a connection without a key', async () => {
    const refused = await new Promise<{ status?: number; body: string }>((resolve, reject) => {
      const socket = new WebSocket(agent.url)
      socket.on('error', reject)
      socket.on('unexpected-response', (_, response) => {
        let body = ''
        response.on('data', chunk => (body += chunk))
        response.on('end', () => resolve({ status: response.statusCode, body }))
      })
    })
    expect(refused.status).toBe(401)
    expect(JSON.parse(refused.body)).toMatchObject({ err_code: 'INVALID_AUTH' })
  })

  const { audio, ...noAudio } = settings() as { audio: object }
  const withAudio = (part: object) => ({ ...noAudio, audio: { ...audio, ...part } })
  const flux = { provider: { type: 'deepgram', model: 'flux-general-en' } }
  const cases: [string, (string | object | Buffer)[], string, string][] = [
    ['audio before Settings', [Buffer.alloc(160)], 'NON_SETTINGS_MESSAGE_BEFORE_SETTINGS', 'Audio'],
    ['another message first', [{ type: 'KeepAlive' }], 'NON_SETTINGS_MESSAGE_BEFORE_SETTINGS', 'KeepAlive'],
    ['Settings twice', [settings(), settings()], 'SETTINGS_ALREADY_APPLIED', 'twice'],
    ['no JSON', ['{'], 'UNPARSABLE_CLIENT_MESSAGE', 'whole'],
    ['an unknown message', [settings(), { type: 'Hello' }], 'UNPARSABLE_CLIENT_MESSAGE', 'type'],
    ['a key too much', [settings('mulaw', { voice: 'nice' })], 'UNPARSABLE_CLIENT_MESSAGE', 'agent.voice'],
    ['Settings without audio', [noAudio], 'UNPARSABLE_CLIENT_MESSAGE', 'audio'],
    [
      'a message without its words',
      [settings(), { type: 'InjectAgentMessage', content: 'Hi' }],
      'UNPARSABLE_CLIENT_MESSAGE',
      'message',
    ],
    [
      'a sound file as output',
      [withAudio({ output: { encoding: 'linear16', sample_rate: 24_000, container: 'wav' } })],
      'INVALID_SETTINGS',
      'wav',
    ],
    [
      'a rate there is none of',
      [withAudio({ input: { encoding: 'mulaw', sample_rate: 16_000 } })],
      'INVALID_SETTINGS',
      '16000',
    ],
    [
      'an unknown encoding',
      [withAudio({ input: { encoding: 'morse', sample_rate: 8_000 } })],
      'INVALID_SETTINGS',
      'morse',
    ],
    ['Flux of version 1', [settings('mulaw', { listen: flux })], 'INVALID_SETTINGS', 'v2'],
  ]
  test.each(cases)('%s', async (_, messages, code, words) => {
    const client = new Client()
    await client.next('Welcome')
    for (const message of messages) {
      client.sendRaw(
        typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message),
      )
    }
    const error = await client.next('Error')
    expect(error.code).toBe(code)
    expect(error.description).toContain(words)
    expect(await client.closed).toBe(1005)
  })

  test('silence', async () => {
    const impatient = await startPracticeAgent({ clientTimeout: 50 })
    try {
      const client = new Client(impatient.url)
      await client.next('Error', ({ code, description }) => {
        return code === 'CLIENT_MESSAGE_TIMEOUT' && description!.includes('Settings')
      })
      await client.closed
    } finally {
      await impatient.close()
    }
  })
})

test('nothing is left of an agent that was closed', async () => {
  const client = await Client.talking()
  await agent.close()
  expect(await client.closed).toBe(1006)
  await expect(fetch(agent.url.replace('ws', 'http'))).rejects.toThrow()
  agent = await startPracticeAgent()
})
