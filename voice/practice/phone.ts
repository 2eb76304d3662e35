import { randomBytes } from 'node:crypto'
import { EventEmitter } from 'node:events'
import alawmulaw from 'alawmulaw'
import type { WebSocket } from 'ws'
import { Hearing } from './hearing.ts'
import { modulate } from './modem.ts'
import { Network } from './network.ts'
import { PhoneStream } from './phone-stream.ts'
import { readTwiml, type Stream, TwilioError, type Verb } from './twiml.ts'

const { mulaw } = alawmulaw

export interface DialOptions {
  /** Where voice listens: an origin, or with the path when it is not /voice. */
  voiceUrl: string
  /** Signs what is sent, as Twilio does; nothing is signed without it. */
  authToken?: string
  /** The origin voice is known by, over which signatures are made; that of voiceUrl if omitted. */
  publicUrl?: string
  /** E.164. */
  from?: string
  /** E.164. */
  to?: string
  callSid?: string
  /** How a number that the shop puts us through to answers; "completed" if omitted. */
  dialStatus?: 'completed' | 'busy' | 'no-answer' | 'failed'
  /** A clock in milliseconds; `performance.now` if omitted. */
  now?: () => number
}

/** How a call ended. Hung up is also what Twilio does when nothing is left to do. */
export type Ending = 'caller hung up' | 'hung up' | 'failed'

interface Events {
  /** Words that came in the sound that was played. */
  heard: [text: string]
  'twiml-say': [text: string]
  /** The shop puts the caller through to this number. */
  dialled: [number: string]
  /** Sound that carries no words this telephone understands. */
  sound: []
  /** What Twilio would write into its debugger. */
  problem: [TwilioError]
  ended: [Ending]
}

const sid = (prefix: string) => prefix + randomBytes(16).toString('hex')

/**
 * A telephone that does what Twilio does for a caller: asks the webhook, runs the TwiML, streams sound both ways in
 * real time. What it says and hears is text inside the sound (modem.ts).
 */
export class Phone extends EventEmitter<Events> {
  /** Resolves when the call has ended. */
  readonly ended: Promise<Ending>
  /** What Twilio would write into its debugger, so far. */
  readonly problems: TwilioError[] = []
  readonly callSid: string
  readonly #options: DialOptions
  readonly #network: Network
  readonly #accountSid = sid('AC')
  readonly #hearing = new Hearing()
  readonly #life = new AbortController()
  #stream: PhoneStream | undefined
  #settleEnded!: (ending: Ending) => void

  constructor(options: DialOptions) {
    super()
    this.#options = options
    this.callSid = options.callSid ?? sid('CA')
    this.#network = new Network({
      ...options,
      fields: {
        AccountSid: this.#accountSid,
        ApiVersion: '2010-04-01',
        CallSid: this.callSid,
        CallStatus: 'in-progress',
        Direction: 'inbound',
        From: options.from ?? '+15557654321',
        To: options.to ?? '+15550100200',
      },
      signal: this.#life.signal,
    })
    this.ended = new Promise(resolve => (this.#settleEnded = resolve))
    this.#hearing.on('heard', text => this.emit('heard', text)).on('sound', () => this.emit('sound'))
  }

  /**
   * Places the call, once. Resolves when the webhook has answered with a document that Twilio would run; it is run
   * next, so that listeners which are added at once miss nothing.
   * @throws TwilioError when Twilio would play an error to the caller
   * @throws TypeError when nothing listens at the address
   */
  async dial(): Promise<void> {
    try {
      const verbs = await this.#ask(this.#network.voiceUrl, { CallStatus: 'ringing' })
      setImmediate(() => void this.#runToTheEnd(verbs))
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** Says a text. Resolves when its sound has been sent. @throws Error when nobody is there to hear it */
  async say(text: string): Promise<void> {
    this.#hearing.answered()
    await this.#open.say(Buffer.from(mulaw.encode(modulate(text, 8_000))))
  }

  /** Presses keys: digits, * and #. Resolves when they have been sent. @throws Error when nobody is there */
  async press(keys: string): Promise<void> {
    if (!/^[0-9*#A-D]+$/.test(keys)) throw new RangeError('A telephone has the keys 0 to 9, * and #.')
    this.#hearing.answered()
    await this.#open.press(keys)
  }

  /**
   * Waits for words; looks at everything heard since the last match, what TwiML says included.
   * @param within milliseconds
   * @returns everything since the last match, up to the end of this one
   * @throws Error telling what was heard instead
   */
  hears(pattern: RegExp, within = 20_000): Promise<string> {
    return this.#hearing.match(pattern, within)
  }

  /**
   * Waits until the other side has said something since our own last words, and has then been silent.
   * @param silence milliseconds
   * @param within milliseconds
   * @throws Error when it does not happen
   */
  hearsOut(silence = 500, within = 20_000): Promise<void> {
    return this.#hearing.silence(silence, within)
  }

  /** Hangs up. Resolves when the call has ended. */
  async hangUp(): Promise<void> {
    this.#end('caller hung up')
    await this.ended
  }

  /** Leaves nothing behind: a call that goes on is hung up. */
  close(): void {
    this.#end('caller hung up')
  }

  get #open(): PhoneStream {
    if (!this.#stream) throw new Error('Nobody is on the line.')
    return this.#stream
  }

  async #runToTheEnd(verbs: Verb[]): Promise<void> {
    try {
      await this.#run(verbs)
      this.#end('hung up')
    } catch (error) {
      if (this.#life.signal.aborted) return
      this.#report(error instanceof TwilioError ? error : new TwilioError(11200, messageOf(error)))
      this.#end('failed')
    }
  }

  async #run(verbs: Verb[]): Promise<void> {
    for (const verb of verbs) {
      if (this.#life.signal.aborted) return
      switch (verb.verb) {
        case 'Say':
          this.emit('twiml-say', verb.text)
          this.#hearing.add(verb.text)
          break
        case 'Pause':
          await this.#pause(verb.seconds)
          break
        case 'Connect':
          await this.#connect(verb.stream)
          if (verb.action !== undefined) return await this.#continue(verb.action)
          break
        case 'Dial':
          this.emit('dialled', verb.number)
          if (verb.action !== undefined) {
            return await this.#continue(verb.action, {
              DialCallStatus: this.#options.dialStatus ?? 'completed',
              DialCallSid: sid('CA'),
            })
          }
          break
        case 'Redirect':
          return await this.#continue(verb.url)
        case 'Hangup':
          return
      }
    }
  }

  async #continue(url: string, fields: Record<string, string> = {}): Promise<void> {
    if (this.#life.signal.aborted) return
    const absolute = new URL(url, this.#network.voiceUrl).href
    await this.#run(await this.#ask(absolute, { CallStatus: 'in-progress', ...fields }))
  }

  #pause(seconds: number): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, seconds * 1_000)
      this.#life.signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true })
    })
  }

  /** Resolves when the stream is over. A stream that cannot be opened is a problem, and the document goes on. */
  async #connect(stream: Stream): Promise<void> {
    const streamSid = sid('MZ')
    const tell = (event: string, error?: string) => this.#tellStatus(stream, streamSid, event, error)
    let socket: WebSocket
    try {
      socket = await this.#network.openSocket(stream.url)
    } catch (error) {
      if (this.#life.signal.aborted) return
      this.#report(new TwilioError(31920, `The media stream could not be opened: ${messageOf(error)}.`))
      await tell('stream-error', '31920')
      return
    }
    if (this.#life.signal.aborted) return socket.terminate()
    const { callSid, parameters } = { callSid: this.callSid, ...stream }
    const identity = { accountSid: this.#accountSid, callSid, streamSid, parameters }
    const line = new PhoneStream(socket, identity, this.#options.now ?? (() => performance.now()))
    this.#stream = line
    line.on('played', (samples, sounding) => this.#hearing.listen(samples, sounding))
    line.on('problem', problem => this.#report(problem))
    const closed = new Promise<void>(resolve => {
      line.once('closed', resolve)
      this.#life.signal.addEventListener('abort', () => (line.stop(), resolve()), { once: true })
    })
    await tell('stream-started')
    await closed
    this.#stream = undefined
    await tell('stream-stopped')
  }

  async #tellStatus(
    { statusCallback }: Stream,
    streamSid: string,
    event: string,
    error?: string,
  ): Promise<void> {
    if (statusCallback === undefined || this.#life.signal.aborted) return
    const fields = {
      StreamSid: streamSid,
      StreamEvent: event,
      Timestamp: new Date().toISOString(),
      ...(error !== undefined && { StreamError: error }),
    }
    try {
      await (await this.#network.post(statusCallback, fields)).arrayBuffer()
    } catch (error) {
      if (!this.#life.signal.aborted) this.#report(new TwilioError(11200, messageOf(error)))
    }
  }

  async #ask(url: string, fields: Record<string, string>): Promise<Verb[]> {
    return readTwiml(await this.#network.post(url, fields))
  }

  #report(problem: TwilioError): void {
    this.problems.push(problem)
    this.emit('problem', problem)
  }

  #end(ending: Ending): void {
    if (this.#life.signal.aborted) return
    this.#life.abort()
    this.#hearing.close(`The call has ended: ${ending}.`)
    this.#settleEnded(ending)
    this.emit('ended', ending)
  }
}

/**
 * Places a call and gives the telephone that is on the line.
 * @throws TwilioError when Twilio would play an error to the caller
 * @throws TypeError when nothing listens at the address
 */
export async function dial(options: DialOptions): Promise<Phone> {
  const phone = new Phone(options)
  await phone.dial()
  return phone
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
