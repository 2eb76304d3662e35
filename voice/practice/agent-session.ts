import { randomBytes, randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { WebSocket } from 'ws'
import { sentencesOf } from './aloud.ts'
import { type Answer, readAnswer } from './answers.ts'
import {
  type ClientMessage,
  type FunctionDefinition,
  readClientMessage,
  type Settings,
  Unparsable,
} from './client-messages.ts'
import { Conversation } from './conversation.ts'
import type { Turn } from './memory.ts'
import { Demodulator, modulate } from './modem.ts'
import { bytesPerSecond, Decoder, encode, type Format, formatsOf, UnsupportedFormat } from './sound.ts'

export interface SessionOptions {
  /** How long a client may be silent, in milliseconds. */
  clientTimeout: number
  logger?: Logger
}

/** Lengths of the audio messages in milliseconds, in turn: as odd as the real ones, and no whole samples. */
const chunkLengths = [20, 43, 7, 31, 61]
/** How many times faster than real time speech is sent. */
const haste = 8

type InForce = Pick<Settings, 'agent'> & { history: boolean; output: Format }
type Of<Type extends ClientMessage['type']> = Extract<ClientMessage, { type: Type }>

interface WaitingCall {
  definition: FunctionDefinition
  args: string
  /** Nothing when the call was cancelled. */
  settle: (answer: Answer | undefined) => void
}

/** One connection to the practice agent: Deepgram's side of the Voice Agent wire, version 1. */
export class AgentSession {
  readonly #socket: WebSocket
  readonly #options: SessionOptions
  readonly #opened = performance.now()
  readonly #patience: NodeJS.Timeout
  #settings: InForce | undefined
  #prompt = ''
  #functions: FunctionDefinition[] = []
  #conversation: Conversation | undefined
  #decoder: Decoder | undefined
  #ear: Demodulator | undefined
  #userSpeaks = false

  /** Turns run one after the other. */
  #turns: Promise<void> = Promise.resolve()
  #turnsLeft = 0
  /** One sentence is spoken after the other, whoever's turn it is. */
  #mouth: Promise<void> = Promise.resolve()
  /** Ends what is being said; a new one for each turn. */
  #voice = new AbortController()
  readonly #calls = new Map<string, WaitingCall>()
  #over = false

  constructor(socket: WebSocket, options: SessionOptions) {
    this.#socket = socket
    this.#options = options
    this.#patience = setTimeout(() => this.#timeOut(), options.clientTimeout)
    socket.on('message', (data, isBinary) => this.#receive(data as Buffer, isBinary))
    socket.on('error', () => socket.terminate())
    socket.on('close', () => this.#end())
    this.#send({ type: 'Welcome', request_id: randomUUID() })
  }

  #receive(data: Buffer, isBinary: boolean): void {
    if (this.#over) return
    this.#patience.refresh()
    if (isBinary) {
      if (this.#decoder) this.#ear!.push(this.#decoder.decode(data))
      else this.#fail('NON_SETTINGS_MESSAGE_BEFORE_SETTINGS', 'Audio came before Settings.')
      return
    }
    try {
      this.#handle(readClientMessage(data.toString()))
    } catch (error) {
      if (error instanceof Unparsable) this.#fail('UNPARSABLE_CLIENT_MESSAGE', error.message)
      else if (error instanceof UnsupportedFormat) this.#fail('INVALID_SETTINGS', error.message)
      else throw error
    }
  }

  #handle(message: ClientMessage): void {
    if (message.type === 'Settings') {
      if (this.#settings) this.#fail('SETTINGS_ALREADY_APPLIED', 'Settings were sent twice.')
      else this.#apply(message)
      return
    }
    if (!this.#conversation) {
      this.#fail('NON_SETTINGS_MESSAGE_BEFORE_SETTINGS', `${message.type} came before Settings.`)
      return
    }
    switch (message.type) {
      case 'UpdatePrompt':
        // The prompt in force is added to, not replaced.
        this.#prompt += `\n${message.prompt}`
        this.#conversation.learn({ functions: this.#functions, prompt: this.#prompt })
        this.#send({ type: 'PromptUpdated' })
        break
      case 'UpdateThink':
        this.#think(message.think)
        this.#conversation.learn({ functions: this.#functions, prompt: this.#prompt })
        this.#send({ type: 'ThinkUpdated' })
        break
      case 'UpdateSpeak':
        this.#send({ type: 'SpeakUpdated' })
        break
      case 'UpdateListen':
        this.#send({ type: 'ListenUpdated' })
        break
      case 'InjectUserMessage':
        this.#heard(message.content, 'manual')
        break
      case 'InjectAgentMessage':
        this.#inject(message)
        break
      case 'FunctionCallResponse':
        this.#answered(message)
        break
      case 'KeepAlive':
      case 'ForceEndTurn':
        break
    }
  }

  /** @throws UnsupportedFormat */
  #apply(settings: Settings): void {
    const { agent, audio, flags } = settings
    const { input, output } = formatsOf(audio)
    const wrong = wrongVersion(agent)
    if (wrong) return this.#fail('INVALID_SETTINGS', wrong)
    this.#settings = { agent, output, history: flags?.history ?? true }
    this.#think(agent.think ?? [])
    const conversation = new Conversation({ functions: this.#functions, prompt: this.#prompt })
    this.#conversation = conversation
    this.#decoder = new Decoder(input)
    this.#ear = new Demodulator(input.sampleRate)
      .on('carrier', () => this.#userStarted())
      .on('text', text => this.#heard(text, 'model'))
      .on('garbled', () => this.#missed())
    this.#send({ type: 'SettingsApplied' })

    const before = agent.context?.messages?.findLast(({ role }) => role === 'assistant')?.content
    const { greeting } = agent
    const last = before ?? greeting
    if (last !== undefined) conversation.resume(last)
    if (greeting) this.#take(() => saying(greeting))
  }

  #think([first]: NonNullable<Settings['agent']['think']>): void {
    this.#prompt = first?.prompt ?? ''
    this.#functions = first?.functions ?? []
  }

  // The caller

  #userStarted(): void {
    this.#userSpeaks = true
    this.#send({ type: 'UserStartedSpeaking' })
    this.#send({ type: 'LatencyReport', stt_latency: 0.03 })
    this.#interrupt()
  }

  #heard(text: string, trigger: 'model' | 'manual'): void {
    this.#userSpeaks = false
    this.#converse('user', text)
    this.#send({ type: 'EndOfTurn', trigger })
    this.#take(() => this.#conversation!.hear(text), performance.now())
  }

  #missed(): void {
    this.#userSpeaks = false
    this.#send({ type: 'EndOfTurn', trigger: 'timeout' })
    this.#take(() => this.#conversation!.missed())
  }

  /**
   * Stops speaking. A call without an effect is cancelled and with it its turn; one that has an effect was only asked
   * for when the caller's turn was certain: it comes to its end, but silently.
   */
  #interrupt(): void {
    this.#voice.abort()
    const cancelled = [...this.#calls].filter(([, { definition }]) => !definition.defer_until_eot)
    if (cancelled.length === 0) return
    this.#send({
      type: 'FunctionCallCancelled',
      functions: cancelled.map(([id, { definition }]) => ({ id, name: definition.name })),
    })
    for (const [id, call] of cancelled) {
      this.#calls.delete(id)
      call.settle(undefined)
    }
  }

  // The agent

  #inject({ message, behavior }: Of<'InjectAgentMessage'>): void {
    const busy = this.#userSpeaks ? 'user' : this.#turnsLeft > 0 ? 'agent' : undefined
    const refused = behavior === 'default' ? busy !== undefined : behavior === 'queue' && busy === 'user'
    if (refused) {
      this.#send({ type: 'InjectionRefused', message: `The ${busy} is speaking, so nothing was injected.` })
      return
    }
    if (behavior === 'interrupt') this.#interrupt()
    // While a function runs nothing is being said: that is when a caller needs to hear something.
    if (this.#calls.size > 0) void this.#fill(message)
    else this.#take(() => saying(message))
  }

  async #fill(message: string): Promise<void> {
    const { signal } = this.#voice
    for (const sentence of sentencesOf(message)) await this.#speak(sentence, signal)
    if (!signal.aborted) this.#send({ type: 'AgentAudioDone' })
  }

  /** @param since when the caller had ended, for the latency report */
  #take(turn: () => Turn, since?: number): void {
    this.#turnsLeft++
    this.#turns = this.#turns
      .then(() => this.#run(turn(), since))
      .catch((error: unknown) => {
        this.#options.logger?.error({ err: error }, 'the practice agent failed in a turn')
        this.#fail('INTERNAL_SERVER_ERROR', 'The practice agent failed; its log says why.')
      })
      .finally(() => this.#turnsLeft--)
  }

  async #run(turn: Turn, since: number | undefined): Promise<void> {
    const voice = new AbortController()
    this.#voice = voice
    let spoke = false
    let answer: Answer | undefined
    while (!this.#over) {
      const { value: step, done } = turn.next(answer)
      if (done) break
      answer = undefined
      if ('call' in step) {
        answer = await this.#call(step.call, step.args)
        if (!answer) return
      } else if (!voice.signal.aborted) {
        if (!spoke && since !== undefined) this.#reportLatency(since)
        spoke = true
        await this.#speak(step.say, voice.signal)
      }
    }
    if (spoke && !voice.signal.aborted) this.#send({ type: 'AgentAudioDone' })
  }

  #speak(sentence: string, signal: AbortSignal): Promise<void> {
    this.#mouth = this.#mouth.then(() => (signal.aborted ? undefined : this.#utter(sentence, signal)))
    return this.#mouth
  }

  async #utter(sentence: string, signal: AbortSignal): Promise<void> {
    const { output } = this.#settings!
    this.#converse('assistant', sentence)
    const audio = encode(modulate(sentence, output.sampleRate), output)
    for (let at = 0, chunk = 0; at < audio.length && !signal.aborted; chunk++) {
      const length = chunkLengths[chunk % chunkLengths.length]!
      const end = at + (Math.floor((length * bytesPerSecond(output)) / 1_000) | 1)
      if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(audio.subarray(at, end))
      at = end
      await wait(length / haste)
    }
  }

  /** As the real one: one figure a message, seconds. */
  #reportLatency(since: number): void {
    const seconds = (performance.now() - since) / 1_000
    for (const figure of ['ttt_text_latency', 'tts_latency', 'total_latency']) {
      this.#send({ type: 'LatencyReport', [figure]: seconds })
    }
  }

  // Functions

  /** → nothing when the call was cancelled */
  #call(name: string, args: Record<string, unknown>): Promise<Answer | undefined> {
    const definition = this.#functions.find(each => each.name === name)
    if (!definition) return Promise.resolve({ ok: false, error: 'I am afraid I cannot do that.' })
    // Ids must never repeat, not even on a new connection of the same call: they stand for one effect.
    const id = `call_${randomBytes(12).toString('hex')}`
    const text = JSON.stringify(args)
    return new Promise(resolve => {
      this.#calls.set(id, { definition, args: text, settle: resolve })
      this.#send({
        type: 'FunctionCallRequest',
        functions: [{ id, name, arguments: text, client_side: true }],
      })
    })
  }

  #answered({ id, name, content }: Of<'FunctionCallResponse'>): void {
    const call = this.#calls.get(id)
    if (!call) return
    this.#calls.delete(id)
    if (this.#settings!.history) {
      const done = { id, name, client_side: true, arguments: call.args, response: content }
      this.#send({ type: 'History', function_calls: [done] })
    }
    call.settle(readAnswer(content))
  }

  // The wire

  #converse(role: 'user' | 'assistant', content: string): void {
    this.#send({ type: 'ConversationText', role, content })
    if (this.#settings!.history) this.#send({ type: 'History', role, content })
  }

  #timeOut(): void {
    const missing = this.#settings ? 'binary messages containing user speech' : 'a Settings message'
    this.#fail('CLIENT_MESSAGE_TIMEOUT', `No client message came in time. The server expects ${missing}.`)
  }

  /** An error ends the connection, without a close code. */
  #fail(code: string, description: string): void {
    if (this.#over) return
    this.#options.logger?.warn({ code }, 'the practice agent ends a connection')
    this.#send({ type: 'Error', code, description })
    this.#socket.close()
    this.#end()
  }

  #send(message: object): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(JSON.stringify(message))
  }

  #end(): void {
    if (this.#over) return
    this.#over = true
    clearTimeout(this.#patience)
    this.#voice.abort()
    this.#ear?.removeAllListeners()
    for (const { settle } of this.#calls.values()) settle(undefined)
    this.#calls.clear()
    const seconds = Math.round((performance.now() - this.#opened) / 1_000)
    this.#options.logger?.info({ seconds }, 'a connection to the practice agent ended')
  }
}

function* saying(text: string): Turn {
  for (const sentence of sentencesOf(text)) yield { say: sentence }
}

/** Flux models need version 2 of the interface to be named. */
function wrongVersion({ listen, speak }: Settings['agent']): string | undefined {
  const named = [listen?.provider, ...(speak ?? []).map(({ provider }) => provider)]
  const wrong = named.find(provider => provider?.model?.startsWith('flux-') && provider.version !== 'v2')
  return wrong && `The model ${wrong.model} needs version v2.`
}
