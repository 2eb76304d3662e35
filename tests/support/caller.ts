import { randomBytes, randomInt } from 'node:crypto'
import { once } from 'node:events'
import twilio from 'twilio'
import { WebSocket } from 'ws'
import { Inbox } from './inbox.ts'
import { faultOf } from './wire.ts'

export interface CallerOptions {
  voiceUrl: string
  /** Signs what it sends. */
  authToken?: string
  /** The origin it thinks it reaches; `voiceUrl` if omitted. */
  publicUrl?: string
  /** A number nobody else calls from, if omitted. */
  from?: string
  to?: string
  callSid?: string
}

export interface Frame {
  event: string
  media?: { payload: string }
  mark?: { name: string }
}

export const newCallSid = () => `CA${randomBytes(16).toString('hex')}`

/** A stand-in for Twilio: one call, frame by frame, as a test says. `Phone` of the practice line does it by itself. */
export class Caller {
  readonly callSid: string
  readonly from: string
  readonly frames = new Inbox<Frame>()
  readonly faults: string[] = []
  /** Everything that came, in order. */
  readonly log: Frame[] = []
  readonly #options: CallerOptions
  readonly #streamSid = `MZ${randomBytes(16).toString('hex')}`
  readonly #accountSid = `AC${'0'.repeat(32)}`
  readonly #sounded = new Inbox<number>()
  #twiml = ''
  #socket: WebSocket | undefined
  #sequence = 0
  #chunk = 0
  #heard: Buffer[] = []
  #heardBytes = 0

  constructor(options: CallerOptions) {
    this.#options = options
    this.callSid = options.callSid ?? newCallSid()
    this.from = options.from ?? `+1555${randomInt(1_000_000, 10_000_000)}`
  }

  /** Calls a webhook as Twilio does. */
  async webhook(
    path: string,
    fields: Record<string, string> = {},
  ): Promise<{ status: number; body: string }> {
    const { voiceUrl, authToken, publicUrl = voiceUrl, to = '+15550001111' } = this.#options
    const form = {
      CallSid: this.callSid,
      AccountSid: this.#accountSid,
      From: this.from,
      To: to,
      CallStatus: 'in-progress',
      ApiVersion: '2010-04-01',
      Direction: 'inbound',
      ...fields,
    }
    const response = await fetch(voiceUrl + path, {
      method: 'POST',
      headers: authToken
        ? { 'X-Twilio-Signature': twilio.getExpectedTwilioSignature(authToken, publicUrl + path, form) }
        : {},
      body: new URLSearchParams(form),
    })
    return { status: response.status, body: await response.text() }
  }

  /** The phone rings. → the TwiML that answers */
  async ring(): Promise<string> {
    const { body } = await this.webhook('/voice')
    this.#twiml = body
    return body
  }

  /** Opens the socket of the stream, without a word. */
  async open(headers: Record<string, string> = {}): Promise<WebSocket> {
    const { voiceUrl, authToken, publicUrl = voiceUrl } = this.#options
    const signature =
      authToken &&
      twilio.getExpectedTwilioSignature(authToken, `${publicUrl.replace(/^http/, 'ws')}/twilio`, {})
    const socket = new WebSocket(`${voiceUrl.replace(/^http/, 'ws')}/twilio`, {
      headers: { ...(signature && { 'X-Twilio-Signature': signature }), ...headers },
    })
    this.#socket = socket
    socket.on('message', (data, isBinary) => this.#receive((data as Buffer).toString(), isBinary))
    socket.on('close', () => this.frames.close('The stream was closed'))
    await once(socket, 'open')
    // A process that was killed resets its connections; that they are closed is told all the same.
    socket.on('error', () => undefined)
    return socket
  }

  /** Says which call the stream belongs to. @param token of the TwiML if omitted */
  start(token = /name="token" value="([^"]+)"/.exec(this.#twiml)?.[1] ?? ''): void {
    this.send({ event: 'connected', protocol: 'Call', version: '1.0.0' })
    this.send({
      event: 'start',
      streamSid: this.#streamSid,
      start: {
        accountSid: this.#accountSid,
        streamSid: this.#streamSid,
        callSid: this.callSid,
        tracks: ['inbound'],
        mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
        customParameters: { token },
      },
    })
  }

  /** Rings, opens the stream and starts it. */
  async connect(): Promise<this> {
    await this.ring()
    await this.open()
    this.start()
    return this
  }

  send(frame: Record<string, unknown> & { event: string }): void {
    const numbered =
      frame.event === 'connected' ? frame : { ...frame, sequenceNumber: String((this.#sequence += 1)) }
    const wrong = faultOf.fromTwilio(numbered)
    if (wrong) this.faults.push(wrong)
    this.#socket!.send(JSON.stringify(numbered))
  }

  /** @param audio μ-law 8 kHz, sent in frames of 20 ms at once */
  speak(audio: Buffer): void {
    for (let at = 0; at < audio.length; at += 160) {
      this.#chunk += 1
      this.send({
        event: 'media',
        streamSid: this.#streamSid,
        media: {
          track: 'inbound',
          chunk: String(this.#chunk),
          timestamp: String(this.#chunk * 20),
          payload: audio.subarray(at, at + 160).toString('base64'),
        },
      })
    }
  }

  press(digit: string): void {
    this.send({ event: 'dtmf', streamSid: this.#streamSid, dtmf: { track: 'inbound_track', digit } })
  }

  /** Everything before that mark was played, or cleared. */
  echo(name: string): void {
    this.send({ event: 'mark', streamSid: this.#streamSid, mark: { name } })
  }

  /** Waits for so many bytes of sound. → all of it */
  async hears(bytes: number): Promise<Buffer> {
    if (this.#heardBytes < bytes) await this.#sounded.next(total => total >= bytes)
    return this.heard
  }

  get heard(): Buffer {
    return Buffer.concat(this.#heard)
  }

  /** The next mark. → its name */
  async mark(): Promise<string> {
    return (await this.frames.next(({ event }) => event === 'mark')).mark!.name
  }

  async cleared(): Promise<void> {
    await this.frames.next(({ event }) => event === 'clear')
  }

  /** Says that the call is over. */
  stop(): void {
    this.send({
      event: 'stop',
      streamSid: this.#streamSid,
      stop: { accountSid: this.#accountSid, callSid: this.callSid },
    })
  }

  hangUp(): void {
    this.stop()
    this.#socket!.close()
  }

  /** Waits until a ping was answered. */
  async answersPing(): Promise<void> {
    await once(this.#socket!, 'ping')
    await once(this.#socket!, 'ping')
  }

  /** Takes nothing any more, and does not say so. */
  stall(): void {
    this.#socket!.pause()
  }

  /** Takes again what was sent meanwhile. */
  resume(): void {
    this.#socket!.resume()
  }

  /** The connection breaks, without a word. */
  drop(): void {
    this.#socket?.terminate()
  }

  /** Settles with the close code once the server has given the call back. */
  async givenBack(): Promise<number> {
    if (this.#socket!.readyState === WebSocket.CLOSED) return 1000
    const [code] = (await once(this.#socket!, 'close')) as [number]
    return code
  }

  #receive(text: string, isBinary: boolean): void {
    const frame = JSON.parse(text) as Frame
    const wrong = isBinary ? 'a binary frame' : faultOf.toTwilio(frame)
    if (wrong) this.faults.push(wrong)
    this.log.push(frame)
    if (frame.event === 'media') {
      this.#heard.push(Buffer.from(frame.media!.payload, 'base64'))
      this.#sounded.push((this.#heardBytes += this.#heard.at(-1)!.length))
    } else this.frames.push(frame)
  }
}
