import { EventEmitter } from 'node:events'
import type { Logger } from 'pino'
import type { Codec } from './audio/codec.ts'
import type { FunctionCall } from './deepgram/messages.ts'
import type { AgentLoss, VoiceAgent } from './deepgram/voice-agent.ts'
import type { EndReason } from './documents.ts'
import type { FunctionAnswer } from './functions/run-function.ts'
import { Keypad } from './keypad.ts'
import type { Metrics } from './metrics.ts'
import { Speech } from './speech.ts'
import type { MediaStream } from './twilio/media-stream.ts'

export interface CallOptions {
  callSid: string
  agent: VoiceAgent
  codec: Codec
  /** Runs an agent function; never rejects. */
  run: (call: FunctionCall, signal: AbortSignal) => Promise<FunctionAnswer>
  /** Tells the api that the call is over; never rejects. */
  report: (reason: EndReason) => Promise<void>
  metrics: Metrics
  logger: Logger
}

/** After a function asked to end the call, so long nothing may be said before it ends, in milliseconds. */
const silenceBeforeEnd = 4_000
/** So long the last words may take, in milliseconds. */
const longestGoodbye = 15_000

/**
 * Joins a caller and a voice agent. The agent is there first: it is opened when the phone rings, and what it says
 * before the caller's sound is connected is kept. Everything a call has to remember lives here and ends with it.
 */
export class Call extends EventEmitter<{ attached: []; ended: [EndReason] }> {
  readonly #options: CallOptions
  readonly #agent: VoiceAgent
  readonly #codec: Codec
  readonly #speech = new Speech()
  readonly #keypad: Keypad
  /** Functions that run, by id. */
  readonly #running = new Map<string, AbortController>()
  readonly #opened = performance.now()
  #caller: MediaStream | undefined
  #attachedAt: number | undefined
  #heardAgent = false
  #over = false

  constructor(options: CallOptions) {
    super()
    this.#options = options
    const { agent, codec } = options
    this.#agent = agent
    this.#codec = codec
    this.#keypad = new Keypad(digits => agent.hear(`I keyed in ${digits}.`))
    agent.on('audio', chunk => this.#say(codec.toCaller(chunk)))
    agent.on('audioDone', () => this.#speech.done())
    agent.on('userStartedSpeaking', () => this.#interrupt())
    agent.on('turn', () => this.#speech.open())
    agent.on('functionCalls', calls => calls.forEach(call => void this.#run(call)))
    agent.on('functionCallsCancelled', ids => ids.forEach(id => this.#cancel(id)))
    agent.on('warning', code => options.logger.warn({ code }, 'the voice agent warns'))
    agent.on('lost', loss => this.#lost(loss))
  }

  /** The caller's sound is connected. */
  attach(caller: MediaStream): void {
    this.#caller = caller
    this.#attachedAt = performance.now()
    if (this.#heardAgent) this.#options.metrics.greeting.observe(0)
    caller.on('audio', audio => this.#agent.send(this.#codec.toAgent(audio)))
    caller.on('digit', key => this.#keypad.press(key))
    caller.on('hangUp', () => void this.close('CALLER_HUNG_UP'))
    this.#speech.attach(caller)
    caller.listen()
    this.emit('attached')
  }

  get attached(): boolean {
    return this.#caller !== undefined
  }

  /** Ends the call, once; the api learns why before the line is given back. */
  async close(reason: EndReason): Promise<void> {
    if (this.#over) return
    this.#over = true
    this.#agent.close()
    this.#speech.close()
    this.#keypad.close()
    for (const running of this.#running.values()) running.abort()
    const { logger, metrics, report } = this.#options
    metrics.ended.inc({ reason })
    metrics.droppedBytes.inc(this.#speech.dropped)
    logger.info({ reason, seconds: Math.round((performance.now() - this.#opened) / 1_000) }, 'call ended')
    await report(reason)
    this.#caller?.close()
    this.emit('ended', reason)
  }

  #say(audio: Buffer): void {
    if (!this.#heardAgent) {
      this.#heardAgent = true
      if (this.#attachedAt !== undefined) {
        this.#options.metrics.greeting.observe((performance.now() - this.#attachedAt) / 1_000)
      }
    }
    this.#speech.play(audio)
  }

  #interrupt(): void {
    this.#speech.interrupt()
    this.#codec.reset()
  }

  async #run(call: FunctionCall): Promise<void> {
    const cancelled = new AbortController()
    this.#running.set(call.id, cancelled)
    const stop = this.#options.metrics.functions.startTimer({ function: call.name.slice(0, 40) })
    const { content, intent } = await this.#options.run(call, cancelled.signal)
    stop()
    this.#running.delete(call.id)
    if (cancelled.signal.aborted) return
    this.#agent.answer(call, content)
    if (intent) await this.#endAfterLastWords(intent)
  }

  /** A cancelled call is never answered. */
  #cancel(id: string): void {
    this.#running.get(id)?.abort()
  }

  /** A caller who interrupts the goodbye has more to say: the call goes on until the agent ends it again. */
  async #endAfterLastWords(intent: 'GOODBYE' | 'TRANSFER'): Promise<void> {
    const heard = await this.#speech.heardOut(silenceBeforeEnd, longestGoodbye)
    if (heard) await this.close(intent === 'GOODBYE' ? 'GOODBYE' : 'TRANSFERRED')
  }

  #lost(loss: AgentLoss): void {
    this.#options.logger.error({ ...loss }, 'the voice agent is lost')
    void this.close('AGENT_LOST')
  }
}
