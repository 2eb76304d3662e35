import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import twilio from 'twilio'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { Demodulator, modulate } from '../../voice/practice/modem.ts'
import { dial, type DialOptions, type Phone } from '../../voice/practice/phone.ts'
import { playScript, readScript } from '../../voice/practice/script.ts'
import { Inbox } from '../support/inbox.ts'
import { faultOf } from '../support/wire.ts'
import { decodeMulaw, encodeMulaw } from './practice-sound.ts'

interface Frame {
  event: string
  streamSid: string
  sequenceNumber?: string
  start?: { callSid: string; customParameters: Record<string, string> }
  media?: { chunk: string; timestamp: string; payload: string }
  mark?: { name: string }
  dtmf?: { digit: string }
}

/** The server's end of a media stream. Every frame the telephone sends is held to the schema. */
class Line {
  readonly frames = new Inbox<Frame>()
  readonly heard = new Inbox<string>()
  readonly order: string[] = []
  readonly closed: Promise<void>
  readonly #socket: WebSocket
  streamSid = ''

  constructor(socket: WebSocket, faults: string[]) {
    this.#socket = socket
    const ear = new Demodulator(8_000).on('text', text => this.heard.push(text))
    socket.on('message', (data: Buffer) => {
      const frame = JSON.parse(data.toString()) as Frame
      const fault = faultOf.fromTwilio(frame)
      if (fault) faults.push(fault)
      if (frame.sequenceNumber && frame.sequenceNumber !== String(++this.#sequence)) {
        faults.push(`sequence number ${frame.sequenceNumber}`)
      }
      this.order.push(frame.event)
      if (frame.event === 'start') this.streamSid = frame.streamSid
      if (frame.media) ear.push(decodeMulaw(Buffer.from(frame.media.payload, 'base64')))
      this.frames.push(frame)
    })
    this.closed = new Promise(resolve =>
      socket.once('close', () => {
        this.frames.close('the stream is closed')
        resolve()
      }),
    )
  }
  #sequence = 0

  next(event: string, matches: (frame: Frame) => boolean = () => true): Promise<Frame> {
    return this.frames.next(frame => frame.event === event && matches(frame))
  }

  marked(name: string): Promise<Frame> {
    return this.next('mark', ({ mark }) => mark?.name === name)
  }

  play(samples: Int16Array): void {
    this.playBytes(Buffer.from(encodeMulaw(samples)))
  }

  playBytes(audio: Buffer): void {
    this.send({ event: 'media', streamSid: this.streamSid, media: { payload: audio.toString('base64') } })
  }

  mark(name: string): void {
    this.send({ event: 'mark', streamSid: this.streamSid, mark: { name } })
  }

  clear(): void {
    this.send({ event: 'clear', streamSid: this.streamSid })
  }

  send(frame: object | Buffer): void {
    this.#socket.send(Buffer.isBuffer(frame) ? frame : JSON.stringify(frame))
  }

  close(): void {
    this.#socket.close(1000)
  }
}

interface Posted {
  path: string
  fields: Record<string, string>
  signature: string | undefined
}

const response = (...verbs: string[]) =>
  `<?xml version="1.0" encoding="UTF-8"?><Response>${verbs.join('')}</Response>`

/** A server with nothing behind it: answers webhooks as a test says, and takes streams. */
async function startShop() {
  const posts = new Inbox<Posted>()
  const lines = new Inbox<Line>()
  const faults: string[] = []
  const upgrades: (string | undefined)[] = []
  /** What each path answers; a path that is not here answers an empty document. */
  const answers: Record<string, string | { status?: number; type?: string; body: string }> = {}
  const shop = {
    posts,
    lines,
    faults,
    upgrades,
    answers,
    refuseStreams: false,
    url: '',
    close: async () => {},
  }

  const server = createServer(
    (request, reply) =>
      void answer(request).then(({ status = 200, type, body }) => {
        reply.writeHead(status, type ? { 'Content-Type': type } : {}).end(body)
      }),
  )
  async function answer(request: IncomingMessage): Promise<{ status?: number; type?: string; body: string }> {
    let body = ''
    for await (const chunk of request) body += chunk
    const path = request.url!
    posts.push({
      path,
      fields: Object.fromEntries(new URLSearchParams(body)),
      signature: request.headers['x-twilio-signature'] as string | undefined,
    })
    const given = answers[path] ?? response()
    return typeof given === 'string' ? { type: 'text/xml', body: given } : given
  }
  const websocket = new WebSocketServer({ noServer: true })
  server.on('upgrade', (request, socket, head) => {
    upgrades.push(request.headers['x-twilio-signature'] as string | undefined)
    if (shop.refuseStreams) return void socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n')
    websocket.handleUpgrade(request, socket, head, client => lines.push(new Line(client, faults)))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  shop.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  shop.close = async () => {
    const closed = new Promise(resolve => server.close(resolve))
    for (const client of websocket.clients) client.terminate()
    server.closeAllConnections()
    await closed
  }
  return shop
}

let shop: Awaited<ReturnType<typeof startShop>>
let phones: Phone[]
beforeEach(async () => {
  phones = []
  shop = await startShop()
  shop.answers['/voice'] = response(
    '<Say>Welcome &amp; hello.</Say>',
    `<Connect action="${shop.url}/after-stream"><Stream url="${streamUrl()}"><Parameter name="token" value="a&quot;b"/></Stream></Connect>`,
  )
})
afterEach(async () => {
  for (const phone of phones) phone.close()
  await shop.close()
  expect(shop.faults).toEqual([])
})

const streamUrl = () => `${shop.url.replace('http', 'ws')}/stream`

async function call(options: Partial<DialOptions> = {}): Promise<Phone> {
  const phone = await dial({ voiceUrl: shop.url, ...options })
  phones.push(phone)
  return phone
}

/** A call whose stream has started. */
async function talking(options: Partial<DialOptions> = {}): Promise<{ phone: Phone; line: Line }> {
  const phone = await call(options)
  const line = await shop.lines.next()
  await line.next('start')
  return { phone, line }
}

const tone = (seconds: number) =>
  Int16Array.from({ length: seconds * 8_000 }, (_, at) => 8_000 * Math.sin(at))
const codes = (phone: Phone) => phone.problems.map(({ code }) => code)

describe('placing a call', () => {
  test('the webhook gets what Twilio sends, and what it says is heard', async () => {
    const phone = await call({ from: '+15550004567', to: '+15550001111', callSid: `CA${'a'.repeat(32)}` })
    const { path, fields, signature } = await shop.posts.next()
    expect(path).toBe('/voice')
    expect(fields).toMatchObject({
      CallSid: `CA${'a'.repeat(32)}`,
      From: '+15550004567',
      To: '+15550001111',
      CallStatus: 'ringing',
      Direction: 'inbound',
      ApiVersion: '2010-04-01',
    })
    expect(signature).toBeUndefined()
    expect(await phone.hears(/hello/)).toBe('Welcome & hello')
    const line = await shop.lines.next()
    const { start } = await line.next('start')
    expect(start).toMatchObject({ callSid: phone.callSid, customParameters: { token: 'a"b' } })
    expect(line.order.slice(0, 2)).toEqual(['connected', 'start'])
  })

  test('all that is sent is signed over the address that voice is known by', async () => {
    const publicUrl = 'https://tea.example'
    shop.answers['/voice'] = response(
      `<Connect action="/after-stream"><Stream url="wss://tea.example/stream" statusCallback="${publicUrl}/status"/></Connect>`,
    )
    const phone = await call({ authToken: '12345', publicUrl })
    const line = await shop.lines.next()
    await line.next('start')
    line.close()
    await phone.ended
    const valid = (url: string, signature: string | undefined, fields: object) =>
      twilio.validateRequest('12345', signature!, url, fields)
    for (const path of ['/voice', '/status', '/after-stream']) {
      const { fields, signature } = await shop.posts.next(post => post.path === path)
      expect(valid(publicUrl + path, signature, fields), path).toBe(true)
    }
    expect(valid('wss://tea.example/stream', shop.upgrades[0], {})).toBe(true)
    expect(phone.problems).toEqual([])
  })

  const stream = (attributes: string, inside = '') =>
    response(`<Connect><Stream ${attributes}>${inside}</Stream></Connect>`)
  test.each([
    ['an error', { status: 403, body: 'no' }, 11200],
    ['no content type', { body: response() }, 12300],
    ['JSON', { type: 'application/json', body: '{}' }, 12300],
    ['no XML', 'hello', 12100],
    ['a bare ampersand', response('<Say>a & b</Say>'), 12100],
    ['a blank before the XML', ` ${response()}`, 12100],
    ['another root', '<Answer/>', 12100],
    ['too much', response('x'.repeat(64_000)), 11750],
    ['an unknown verb', response('<Sing>la</Sing>'), 12200],
    ['a verb in the wrong case', response('<say>la</say>'), 12200],
    ['a Connect without a Stream', response('<Connect/>'), 12200],
    ['a stream in plain text', stream('url="ws://tea.example/stream"'), 31922],
    ['a stream with a query', stream('url="wss://tea.example/stream?a=1"'), 31920],
    ['a stream to nowhere', stream('url="stream"'), 31923],
    ['a stream of both tracks', stream('url="wss://tea.example/" track="both_tracks"'), 31941],
    ['a parameter without value', stream('url="wss://tea.example/"', '<Parameter name="a"/>'), 12200],
    [
      'a parameter that is too long',
      stream('url="wss://tea.example/"', `<Parameter name="a" value="${'x'.repeat(499)}"/>`),
      12200,
    ],
    ['a Dial without a number', response('<Dial>home</Dial>'), 13224],
  ])('%s is refused as Twilio does', async (_, answer, code) => {
    shop.answers['/voice'] = answer
    await expect(call()).rejects.toMatchObject({ code })
  })

  test('nobody at the other end is an error', async () => {
    await expect(dial({ voiceUrl: 'http://127.0.0.1:1' })).rejects.toThrow(TypeError)
  })
})

describe('sound', () => {
  test('words go both ways inside it, between frames of silence', async () => {
    const { phone, line } = await talking()
    const first = await line.next('media')
    expect(first.media).toMatchObject({ chunk: '1', timestamp: '0' })
    expect(Buffer.from(first.media!.payload, 'base64')).toEqual(Buffer.alloc(160, 0xff))
    expect((await line.next('media', ({ media }) => media?.chunk === '3')).media!.timestamp).toBe('40')

    await phone.say('A taro milk tea, please 🧋')
    await phone.say('And boba.')
    expect(await line.heard.next()).toBe('A taro milk tea, please 🧋')
    expect(await line.heard.next()).toBe('And boba.')
    line.play(modulate('Is that right?', 8_000))
    expect(await phone.hears(/is that right/i)).toBe('Welcome & hello. Is that right')
  })

  test('a late timer does not make the call longer', async () => {
    let now = 0
    const { line } = await talking({ now: () => now })
    for (const [late, due] of [
      [150, 7],
      [165, 8],
      [359, 17],
    ]) {
      now = late!
      await line.next('media', ({ media }) => media?.chunk === String(due))
    }
    line.mark('no more')
    await line.marked('no more')
    expect(line.order.filter(event => event === 'media')).toHaveLength(17)
  })

  test.each([150, 2_000])(
    'a process that stood still for %i ms hears no gap in what it had no time to get',
    async stood => {
      const { phone, line } = await talking()
      const sentence = modulate('Nothing of this is lost.', 8_000)
      const half = sentence.length / 2
      line.play(sentence.subarray(0, half))
      await line.next('media')
      const until = performance.now() + stood
      while (performance.now() < until);
      line.play(sentence.subarray(half))
      await phone.hears(/Nothing of this is lost\./)
    },
  )

  test('a process that is late all the time hears all the same when the other side has finished', async () => {
    const { phone, line } = await talking()
    line.play(modulate('Is that right?', 8_000))
    const late = setInterval(() => {
      const until = performance.now() + 50
      while (performance.now() < until);
    })
    try {
      await phone.hearsOut(500, 10_000)
    } finally {
      clearInterval(late)
    }
  })

  test('sound without words is noticed as such', async () => {
    const { phone, line } = await talking()
    const sound = new Promise<void>(resolve => phone.once('sound', resolve))
    line.play(modulate('Words are no noise.', 8_000))
    line.play(tone(1))
    await sound
    await phone.hears(/no noise/)
  })

  test('keys are sent one by one', async () => {
    const { phone, line } = await talking()
    await phone.press('5#')
    expect((await line.next('dtmf')).dtmf!.digit).toBe('5')
    expect((await line.next('dtmf')).dtmf!.digit).toBe('#')
    await expect(phone.press('hello')).rejects.toThrow(RangeError)
  })

  test('somebody who waits for words learns what was heard instead', async () => {
    const { phone, line } = await talking()
    line.play(modulate('Something else.', 8_000))
    await phone.hears(/hello/)
    await phone.hearsOut(100)
    await expect(phone.hears(/order number/, 10)).rejects.toThrow('Something else.')
    const waiting = expect(phone.hears(/order number/)).rejects.toThrow('The call has ended')
    line.close()
    await waiting
  })

  test('silence after words is when the other side has finished', async () => {
    const { phone, line } = await talking()
    line.play(modulate('What would you like?', 8_000))
    await phone.hearsOut(60)
    await phone.say('Tea.')
    // What was said before does not count as the answer.
    await expect(phone.hearsOut(60, 300)).rejects.toThrow('did not finish')
    line.play(modulate('One tea.', 8_000))
    await phone.hearsOut(60)
    expect(await phone.hears(/One tea\./)).toContain('What would you like?')
  })
})

describe('marks and clear', () => {
  test('a mark comes back when what was before it has been played, at once when nothing was', async () => {
    const { phone, line } = await talking()
    line.mark('at once')
    await line.marked('at once')
    line.play(modulate('First.', 8_000))
    line.mark('first')
    line.play(modulate('Second.', 8_000))
    line.mark('second')
    line.mark('second again')
    await line.marked('first')
    await phone.hears(/First\./)
    await expect(phone.hears(/Second\./, 0)).rejects.toThrow()
    await line.marked('second')
    await line.marked('second again')
    await phone.hears(/Second\./)
  })

  test('clear drops the sound that waits and gives its marks back', async () => {
    const { phone, line } = await talking()
    line.play(tone(60))
    line.mark('late')
    line.play(modulate('Never heard.', 8_000))
    line.mark('later')
    line.clear()
    await line.marked('late')
    await line.marked('later')
    line.play(modulate('Heard.', 8_000))
    expect(await phone.hears(/Heard\./)).not.toContain('Never')
  })

  test('more than ten minutes of sound are not kept', async () => {
    const { phone, line } = await talking()
    for (let minute = 0; minute < 11; minute++) line.playBytes(Buffer.alloc(60 * 8_000, 0xff))
    line.clear()
    line.mark('done')
    await line.marked('done')
    expect(codes(phone)).toEqual([31931])
  })
})

test('who goes by a script says once more what was not caught, and then goes on', async () => {
  const { phone, line } = await talking()
  const said: string[] = []
  const lines = readScript('> what would\nA taro milk tea.\n> is that right\nYes.\nBye.')
  const played = playScript(phone, lines, text => said.push(text))
  const answers = [
    ...['Sorry, I did not catch that.', 'Sorry, I did not catch that.', 'One tea. Is that right?'],
    ...['Sorry, I did not catch that.', 'Your order number is 4, 7, 8, 2.', 'Goodbye!'],
  ]
  line.play(modulate('What would you like?', 8_000))
  for (const answer of answers) {
    await line.heard.next()
    line.play(modulate(answer, 8_000))
  }
  expect(await played).toBe('4782')
  expect(said).toEqual([...Array<string>(3).fill('A taro milk tea.'), 'Yes.', 'Yes.', 'Bye.'])
})

test('what Twilio refuses is reported once and passed over', async () => {
  const { phone, line } = await talking()
  const { streamSid } = line
  const media = (more: object, inside: object = {}) => ({
    event: 'media',
    streamSid,
    media: { payload: '/////w==', ...inside },
    ...more,
  })
  for (const frame of [
    media({ sequenceNumber: '1' }),
    media({}, { track: 'outbound' }),
    media({}, { payload: '///' }),
    media({}, { payload: 'UklGRgAA' }),
    media({ streamSid: `MZ${'0'.repeat(32)}` }),
    { event: 'mark', streamSid },
    { event: 'stop', streamSid },
    ['media'],
  ]) {
    line.send(frame)
  }
  line.send(Buffer.alloc(160, 0xff))
  line.send(Buffer.alloc(160, 0xff))
  line.play(modulate('Still here.', 8_000))
  await phone.hears(/Still here/)
  expect(codes(phone)).toEqual([31951, 31950])
})

describe('the end', () => {
  test('after the stream the document of its action runs, and so on', async () => {
    shop.answers['/after-stream'] = response(`<Dial action="${shop.url}/after-dial">+15550009999</Dial>`)
    shop.answers['/after-dial'] = response('<Say>Nobody is there.</Say>', '<Hangup/>', '<Say>Never.</Say>')
    const { phone, line } = await talking({ dialStatus: 'no-answer' })
    const dialled: string[] = []
    phone.on('dialled', number => dialled.push(number))
    line.close()
    expect(await phone.ended).toBe('hung up')
    expect(dialled).toEqual(['+15550009999'])
    const { fields } = await shop.posts.next(({ path }) => path === '/after-dial')
    expect(fields).toMatchObject({ CallSid: phone.callSid, DialCallStatus: 'no-answer' })
    expect(await phone.hears(/Nobody is there\.$/)).not.toContain('Never')
  })

  test('without an action the next verb runs', async () => {
    shop.answers['/voice'] = response(
      `<Connect><Stream url="${streamUrl()}"/></Connect>`,
      '<Pause length="0"/>',
      '<Redirect>/again</Redirect>',
      '<Say>Never.</Say>',
    )
    shop.answers['/again'] = response('<Say>Sorry.</Say>')
    const { phone, line } = await talking()
    line.close()
    expect(await phone.ended).toBe('hung up')
    expect(await phone.hears(/Sorry/)).toBe('Sorry')
  })

  test('a stream that is refused is told, and the action runs', async () => {
    shop.refuseStreams = true
    shop.answers['/voice'] = response(
      `<Connect action="/after-stream"><Stream url="${streamUrl()}" statusCallback="${shop.url}/status"/></Connect>`,
    )
    const phone = await call()
    const { fields } = await shop.posts.next(({ path }) => path === '/status')
    expect(fields).toMatchObject({ StreamEvent: 'stream-error', StreamError: '31920' })
    expect(await phone.ended).toBe('hung up')
    await shop.posts.next(({ path }) => path === '/after-stream')
    expect(codes(phone)).toEqual([31920])
  })

  test('a document that cannot be run ends the call', async () => {
    shop.answers['/after-stream'] = { status: 500, body: '' }
    const { phone, line } = await talking()
    line.close()
    expect(await phone.ended).toBe('failed')
    expect(codes(phone)).toEqual([11200])
  })

  test('a caller who hangs up says stop, and nothing is asked any more', async () => {
    const { phone, line } = await talking()
    const saying = phone.say('I have no time for this. '.repeat(20))
    await line.next('media')
    await phone.hangUp()
    await saying
    await line.next('stop')
    await line.closed
    expect(await phone.ended).toBe('caller hung up')
    expect(line.order.at(-1)).toBe('stop')
    expect(shop.posts.rest.map(({ path }) => path)).not.toContain('/after-stream')
    await expect(phone.say('Hello?')).rejects.toThrow('Nobody is on the line')
  })

  test('a telephone that is closed leaves nothing behind', async () => {
    const { phone, line } = await talking()
    const waiting = expect(phone.hears(/never/)).rejects.toThrow('The call has ended')
    phone.close()
    phone.close()
    await waiting
    await line.closed
  })
})
