import { EventEmitter } from 'node:events'
import type { Logger } from 'pino'
import type { AgentLine } from './agent-line.ts'
import type { Codec } from './audio/codec.ts'
import type { FunctionCall } from './deepgram/messages.ts'
import type { VoiceAgent } from './deepgram/voice-agent.ts'
import type { EndReason } from './documents.ts'
import type { FunctionAnswer } from './functions/run-function.ts'
import { CallNumbers, type CallSummary } from './call-numbers.ts'
import { Keypad } from './keypad.ts'
import type { Metrics } from './metrics.ts'
import { Quiet } from './quiet.ts'
import { sentences } from './sentences/sentences.ts'
import { Speech } from './speech.ts'
import type { Said, Transcript } from './transcript.ts'
import type { MediaStream } from './twilio/media-stream.ts'

export interface CallOptions {
  line: AgentLine
  codec: Codec
  /** Runs an agent function; never rejects. */
  run: (call: FunctionCall, signal: AbortSignal) => Promise<FunctionAnswer>
  /** Takes functions back that the agent has cancelled. May reject. */
  cancel: (calls: FunctionCall[]) => Promise<void>
  /** What the caller has keyed in, in a sentence as the caller would say it. */
  keyed: (digits: string) => Promise<string>
  transcript: Transcript
  /** Tells the api that the call is over; never rejects. */
  report: (reason: EndReason, summary: CallSummary) => Promise<void>
  /** Longest length of a call, in milliseconds. */
  longest: number
  /** How long nobody may say anything before the caller is asked, in milliseconds. */
  quiet: number
  /** How long a function may run before the caller hears a filler, in milliseconds. */
  filler: number
  /** A clock in milliseconds. */
  now: () => number
  metrics: Metrics
  logger: Logger
}

/** After a function asked to end the call, so long nothing may be said before it ends, in milliseconds. */
const silenceBeforeEnd = 4_000
/** So long the last words may take, in milliseconds. */
const longestGoodbye = 15_000
/** A gap in the caller's sound that is filled with silence, in milliseconds: without sound no turn ever ends. */
const gap = 100

const silentFrame = Buffer.alloc(160, 0xff)

/**
 * Joins a caller and a voice agent. The agent is there first: it is opened when the phone rings, and what it says
 * before the caller's sound is connected is kept. Everything a call has to remember lives here and ends with it.
 */
export class Call extends EventEmitter<{ attached: []; ended: [EndReason] }> {
  readonly #options: CallOptions
  readonly #line: AgentLine
  readonly #codec: Codec
  readonly #speech = new Speech()
  readonly #keypad: Keypad
  readonly #quiet: Quiet
  /** Functions that run, by id. */
  readonly #running = new Map<string, AbortController>()
  readonly #opened: number
  readonly #numbers: CallNumbers
  #caller: MediaStream | undefined
  /** When the last sound of the caller came. */
  #lastAudio = 0
  /** Functions the agent has asked for, by id: one that comes twice is run and answered once. */
  readonly #asked = new Map<string, FunctionCall>()
  /** Whether the last words are being heard. */
  #leaving = false
  /** Once the end is decided nothing the agent says is of use. */
  #ending = false
  #over = false

  constructor(options: CallOptions) {
    super()
    this.#options = options
    this.#opened = options.now()
    const { line, codec, logger } = options
    this.#numbers = new CallNumbers(options.metrics)
    this.#line = line
    this.#codec = codec
    this.#quiet = new Quiet(this.#opened, options.quiet)
    this.#keypad = new Keypad(digits => void options.keyed(digits).then(sentence => line.hear(sentence)))
    line.on('agent', agent => this.#listenTo(agent))
    line.on('away', loss => {
      logger.warn({ ...loss }, 'the voice agent is lost')
      this.#numbers.agentLost()
      if (!this.#ending && !this.#leaving) this.#speech.announce(sentences.oneMoment)
    })
    line.on('back', () => {
      if (!this.#leaving) line.say('Sorry about that. Please go on.')
    })
    line.on('gone', loss => {
      logger.error({ ...loss }, 'the voice agent could not be called back')
      // Who has not spoken to an agent yet has not lost one: the provider had none free.
      const busy = loss.why === 'refused' && loss.status === 429 && !line.spoken
      void this.close(busy ? 'BUSY' : 'AGENT_LOST')
    })
    line.open()
  }

  #listenTo(agent: VoiceAgent): void {
    const speech = this.#speech
    this.#codec.reset()
    agent.on('audio', chunk => this.#say(this.#codec.toCaller(chunk)))
    agent.on('audioDone', () => {
      // Half a sample left over from this reply must not shift the next one.
      this.#codec.reset()
      speech.done()
    })
    agent.on('userStartedSpeaking', at => this.#interrupt(at))
    agent.on('turn', () => speech.open())
    agent.on('said', said => this.#note(said))
    agent.on('functionCalls', calls => calls.forEach(call => void this.#run(agent, call)))
    agent.on('functionCallsCancelled', ids => void this.#cancel(ids))
    agent.on('warning', code => this.#options.logger.warn({ code }, 'the voice agent warns'))
  }

  /** The caller's sound is connected. */
  attach(caller: MediaStream): void {
    this.#caller = caller
    this.#lastAudio = this.#options.now()
    this.#numbers.attached()
    caller.on('audio', audio => {
      this.#lastAudio = this.#options.now()
      this.#line.send(this.#codec.toAgent(audio))
    })
    caller.on('digit', key => {
      this.#quiet.callerActs(this.#options.now())
      this.#keypad.press(key)
    })
    caller.on('hangUp', () => void this.close('CALLER_HUNG_UP'))
    caller.on('lost', () => void this.close('FAILED'))
    this.#speech.attach(caller)
    caller.listen()
    this.emit('attached')
  }

  get attached(): boolean {
    return this.#caller !== undefined
  }

  /**
   * Looks after the time; to be called several times a second.
   * @param now on the clock of the options
   * @param stood how long this process has stood still since the last time, in milliseconds: what the caller said
   * meanwhile has not been read yet, and is no gap
   */
  tick(now: number, stood: number): void {
    if (this.#over || !this.#caller) return
    this.#lastAudio = Math.min(now, this.#lastAudio + stood)
    for (; now - this.#lastAudio > gap; this.#lastAudio += 20)
      this.#line.send(this.#codec.toAgent(silentFrame))
    if (this.#ending) return
    if (this.#speech.heard || this.#running.size > 0) this.#quiet.agentHeard(now)
    if (now - this.#opened > this.#options.longest) void this.endWith(sentences.tooLong, 'TOO_LONG')
    else {
      const todo = this.#quiet.check(now)
      if (todo === 'ask') this.#line.say('Are you still there?')
      if (todo === 'end') void this.endWith(sentences.unheardGoodbye, 'SILENCE')
    }
  }

  /** Adds to what the agent knows, for instance that something has sold out. */
  tell(news: string): void {
    this.#line.addToPrompt(news)
  }

  /** Ends the call after a sentence of ours. @param sentence μ-law 8 kHz */
  async endWith(sentence: Buffer, reason: EndReason): Promise<void> {
    if (this.#ending) return
    this.#ending = true
    if (!this.#caller) return this.close(reason)
    this.#speech.interrupt()
    const heard = this.#speech.heardOut(silenceBeforeEnd, longestGoodbye)
    this.#speech.announce(sentence)
    await heard
    await this.close(reason)
  }

  /** Ends the call, once; the api learns why before the line is given back. */
  async close(reason: EndReason): Promise<void> {
    if (this.#over) return
    this.#over = this.#ending = true
    this.#line.close()
    this.#speech.close()
    this.#keypad.close()
    for (const running of this.#running.values()) running.abort()
    const { logger, metrics, report, transcript } = this.#options
    const summary = this.#numbers.summary(this.#speech.dropped)
    metrics.ended.inc({ reason })
    logger.info({ reason, ...summary }, 'call ended')
    // A call whose sound never came to us may be going on in another voice process.
    if (this.#caller) await Promise.all([transcript.close(), report(reason, summary)])
    this.#caller?.close()
    this.emit('ended', reason)
  }

  #say(audio: Buffer): void {
    if (this.#ending) return
    if (audio.length > 0) this.#numbers.agentSounds()
    this.#speech.play(audio)
  }

  /** @param at when the word of it came, in milliseconds of performance.now() */
  #interrupt(at: number): void {
    this.#quiet.callerActs(this.#options.now())
    if (this.#ending) return
    this.#speech.interrupt()
    this.#numbers.interrupted(performance.now() - at)
    this.#codec.reset()
  }

  #note(said: Said): void {
    this.#options.transcript.add(said)
    if (said.role === 'assistant') return
    this.#numbers.turnEnded()
    this.#quiet.callerActs(this.#options.now())
  }

  async #run(agent: VoiceAgent, call: FunctionCall): Promise<void> {
    if (this.#asked.has(call.id)) return
    this.#asked.set(call.id, call)
    const { filler, run } = this.#options
    const cancelled = new AbortController()
    this.#running.set(call.id, cancelled)
    const slow = setTimeout(() => agent.say('One moment, please.'), filler)
    const answered = this.#numbers.functionStarts()
    const { content, intent, name } = await run(call, cancelled.signal)
    answered(name ?? 'unknown')
    clearTimeout(slow)
    this.#running.delete(call.id)
    if (cancelled.signal.aborted) return
    agent.answer(call, content)
    if (intent) await this.#endAfterLastWords(intent)
  }

  async #cancel(ids: string[]): Promise<void> {
    for (const id of ids) this.#running.get(id)?.abort()
    const asked = ids.map(id => this.#asked.get(id)).filter(call => call !== undefined)
    try {
      await this.#options.cancel(asked)
    } catch {
      this.#options.logger.warn({ requests: ids }, 'cancelled functions could not be taken back')
    }
  }

  /** A caller who interrupts the goodbye has more to say: the call goes on until the agent ends it again. */
  async #endAfterLastWords(intent: 'GOODBYE' | 'TRANSFER'): Promise<void> {
    this.#leaving = true
    const heard = await this.#speech.heardOut(silenceBeforeEnd, longestGoodbye)
    this.#leaving = false
    if (heard) await this.close(intent === 'GOODBYE' ? 'GOODBYE' : 'TRANSFERRED')
  }
}
