import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import { AgentLine } from './agent-line.ts'
import type { Api } from './api.ts'
import { type AgentAudio, type AudioFormat, createCodec } from './audio/codec.ts'
import type { CallSummary } from './call-numbers.ts'
import { Call } from './call.ts'
import { greetingFor, keytermsOf, promptFor } from './deepgram/prompt.ts'
import { type AgentModels, settings } from './deepgram/settings.ts'
import { VoiceAgent } from './deepgram/voice-agent.ts'
import {
  cancelFunctions,
  endCall,
  type EndReason,
  type LiveMenu,
  startCall,
  type StartedCall,
} from './documents.ts'
import { readFunctions, toolsOf } from './functions/functions.ts'
import { runFunction } from './functions/run-function.ts'
import type { Metrics } from './metrics.ts'
import type { Patience } from './patience.ts'
import { sentences } from './sentences/sentences.ts'
import { ShopMenu } from './shop-menu.ts'
import { Transcript } from './transcript.ts'
import type { MediaStream } from './twilio/media-stream.ts'

export interface CallsOptions {
  api: Api
  agent: AgentModels & { url: string; key: string; audio: AgentAudio }
  maxCalls: number
  patience: Patience
  /** A clock in milliseconds. */
  now: () => number
  metrics: Metrics
  logger: Logger
  /** Told when a stream has come to a call here: an agent that waits for it elsewhere is of no use any more. */
  taken?: ((callSid: string) => void) | undefined
}

/** How often calls look at the time, in milliseconds. */
const tickEvery = 100
/** So long Twilio may take to ask how a call goes on that has ended here, in milliseconds. */
const remembered = 60_000

/** The calls that go on in this process: opens them, lets no more in than there is room for, and ends them. */
export class Calls {
  readonly #options: CallsOptions
  readonly #functions = readFunctions()
  readonly #live = new Map<string, Call>()
  /** Calls the api is being told of: the webhook and the stream of one call may come at the same moment. */
  readonly #opening = new Map<string, Promise<Call>>()
  readonly #menus = new Map<string, ShopMenu>()
  /** Why calls have ended, for Twilio's question that follows; oldest first. */
  readonly #ended = new Map<string, { reason: EndReason; at: number }>()
  readonly #clock: NodeJS.Timeout
  #ticked: number
  #draining = false
  /** Called when the last call has ended. */
  #empty: (() => void) | undefined

  constructor(options: CallsOptions) {
    this.#options = options
    this.#ticked = options.now()
    // Sound that came in time is read before a clock that is late looks for gaps in it.
    this.#clock = setInterval(() => setImmediate(() => this.#tick()), tickEvery)
  }

  get size(): number {
    return this.#live.size
  }

  get draining(): boolean {
    return this.#draining
  }

  /** Why a call is not taken; one that is known already is. */
  refusal(callSid: string): 'draining' | 'busy' | undefined {
    if (this.#live.has(callSid) || this.#opening.has(callSid)) return undefined
    if (this.#draining) return 'draining'
    return this.#live.size + this.#opening.size >= this.#options.maxCalls ? 'busy' : undefined
  }

  /**
   * The call of that id, opened if it is not there yet: once, however many ask.
   * @throws ApiAway when the api does not know of it in time
   */
  async of(callSid: string, from?: string, to?: string): Promise<Call> {
    const known = this.#live.get(callSid) ?? this.#opening.get(callSid)
    if (known) return known
    const opened = this.#start(callSid, this.#options.patience.answer, from, to)
      .then(started => this.#open(started))
      .finally(() => this.#opening.delete(callSid))
    this.#opening.set(callSid, opened)
    return opened
  }

  /**
   * Connects a caller's sound to their call.
   * @returns false when the call has one already
   */
  async attach(stream: MediaStream): Promise<boolean> {
    // Another voice process may have answered the webhook: then the agent is opened only now.
    const call = await this.of(stream.callSid)
    if (call.attached) return false
    call.attach(stream)
    this.#options.taken?.(stream.callSid)
    return true
  }

  /** The stream of a call has come to another voice process: the agent that waits for it here is given back. */
  giveUp(callSid: string): void {
    const call = this.#live.get(callSid)
    if (call && !call.attached) void call.close('CALLER_HUNG_UP')
  }

  /** Why a call has ended here; nothing when it did not, or long ago. */
  endReason(callSid: string): EndReason | undefined {
    return this.#ended.get(callSid)?.reason
  }

  /** Tells the api that a call is over; never rejects. */
  async report(callSid: string, reason: EndReason, metrics?: CallSummary): Promise<void> {
    try {
      await this.#options.api.ask(endCall, { input: { call: callSid, reason, metrics } }, { within: 3_000 })
    } catch {
      this.#options.logger.warn({ callSid, reason }, 'the api was not told that a call ended')
    }
  }

  /** Takes no more calls, lets live ones go on for a while, then tells who is left and hands them over. */
  async drain(): Promise<void> {
    const { patience } = this.#options
    this.#draining = true
    if (this.#live.size > 0) {
      const { promise: done, resolve } = Promise.withResolvers<void>()
      this.#empty = resolve
      await Promise.race([done, delay(patience.drain, undefined, { ref: false })])
      const left = [...this.#live.values()]
      await Promise.all(left.map(call => call.endWith(sentences.handOver, 'SHUTDOWN')))
      if (left.length > 0) await delay(patience.farewell)
    }
    clearInterval(this.#clock)
  }

  /** Opens a call that the api knows, with an agent on the line. */
  #open(started: StartedCall): Call {
    const { agent, api, metrics, patience } = this.#options
    const callSid = started.id
    const logger = this.#options.logger.child({ callSid })
    const codec = createCodec(agent.audio)
    const bytesPerSecond = bytesPerSecondOf(codec.format.input)
    const transcript = new Transcript(api, callSid, started.transcript.length, logger)

    const call = new Call({
      line: new AgentLine({
        open: again => this.#openAgent(started, again ? transcript : undefined, codec.format, bytesPerSecond),
        bytesPerSecond,
        patience: patience.agent,
      }),
      codec,
      run: (asked, signal) =>
        runFunction(this.#functions, api, callSid, asked, { within: patience.function, signal }),
      cancel: async cancelled => {
        const requests = cancelled.filter(({ name }) => this.#hasEffect(name)).map(({ id }) => id)
        if (requests.length === 0) return
        const input = { call: callSid, requests }
        const { stay } = await api.ask<{ stay: string[] }>(cancelFunctions, { input })
        if (stay.length > 0) logger.warn({ requests: stay }, 'cancelled functions had done what stays done')
      },
      keyed: digits => this.#keyed(callSid, digits),
      transcript,
      report: (reason, summary) => this.report(callSid, reason, summary),
      longest: patience.call,
      quiet: patience.quiet,
      filler: patience.filler,
      now: this.#options.now,
      metrics,
      logger,
    })
    const unclaimed = setTimeout(() => void call.close('CALLER_HUNG_UP'), patience.stream)
    this.#live.set(callSid, call)
    metrics.live.set(this.#live.size)
    const forgetMenu = this.#followMenu(call, started.menu)
    call.once('attached', () => clearTimeout(unclaimed))
    call.once('ended', reason => {
      clearTimeout(unclaimed)
      forgetMenu()
      this.#live.delete(callSid)
      if (call.attached) this.#ended.set(callSid, { reason, at: this.#options.now() })
      metrics.live.set(this.#live.size)
      if (this.#live.size === 0) this.#empty?.()
    })
    return call
  }

  /**
   * An agent that takes a call over is told what was said, and how the order stands by what the api knows.
   * @param said what was said so far, if there was an agent before
   */
  async #openAgent(
    started: StartedCall,
    said: Transcript | undefined,
    audio: AudioFormat,
    bytesPerSecond: number,
  ): Promise<VoiceAgent> {
    const { agent, patience } = this.#options
    const now = said && (await this.#start(started.id, patience.recall).catch(() => undefined))
    const { menu } = now ?? started
    return new VoiceAgent({
      url: agent.url,
      key: agent.key,
      settings: settings({
        audio,
        models: agent,
        prompt: promptFor(now ?? started, { cartIsKnown: !said || now !== undefined }),
        tools: toolsOf(this.#functions, menu),
        keyterms: keytermsOf(menu),
        ...(said ? { said: said.recent } : { greeting: greetingFor(started) }),
      }),
      bytesPerSecond,
      welcomeWithin: patience.welcome,
      alive: patience.alive,
    })
  }

  /** The call as the api knows it; the first time it is told of it. */
  async #start(callSid: string, within: number, from?: string, to?: string): Promise<StartedCall> {
    const input = { callSid, from, to }
    return (await this.#options.api.ask<{ call: StartedCall }>(startCall, { input }, { within })).call
  }

  /** Keys are digits without doubt; whether they are a phone number is for the api to say. */
  async #keyed(callSid: string, digits: string): Promise<string> {
    const { api, patience } = this.#options
    const asked = this.#functions.find(({ name }) => name === 'extract_phone_and_order')!
    const found = await api
      .ask<{ result: { phone: string | null; order_number: string | null } }>(
        asked.document,
        { call: callSid, text: digits },
        { within: patience.function },
      )
      .catch(() => undefined)
    if (found?.result.phone) return `I keyed in the phone number ${digits}.`
    if (found?.result.order_number || !found) return `I keyed in ${digits}.`
    return `I keyed in ${digits}, but that is no whole phone number.`
  }

  #hasEffect(name: string): boolean {
    return this.#functions.some(each => each.name === name && each.effect)
  }

  /** Tells a call when its shop's menu changes. → stops telling */
  #followMenu(call: Call, known: LiveMenu): () => void {
    const { id } = known.shop
    const shop = this.#menus.get(id) ?? new ShopMenu(this.#options.api, id)
    this.#menus.set(id, shop)
    return shop.follow(
      known,
      news => call.tell(news),
      () => this.#menus.delete(id),
    )
  }

  #tick(): void {
    const now = this.#options.now()
    const stood = Math.max(0, now - this.#ticked - tickEvery)
    this.#ticked = now
    for (const call of this.#live.values()) call.tick(now, stood)
    for (const [callSid, { at }] of this.#ended) {
      if (now - at < remembered) break
      this.#ended.delete(callSid)
    }
  }
}

const bytesPerSecondOf = ({ encoding, sample_rate }: AudioFormat['input']) =>
  sample_rate * (encoding === 'linear16' ? 2 : 1)
