import { EventEmitter } from 'node:events'
import { WebSocket } from 'ws'
import { Alive } from '../alive.ts'
import { type AgentMessage, type FunctionCall, readMessage } from './messages.ts'

/** Why a connection to an agent is of no more use. */
export type AgentLoss =
  /** HTTP status on the upgrade: 401 and 403 will not change by asking again. */
  | { why: 'refused'; status: number }
  /** It said so; the code is Deepgram's. */
  | { why: 'error'; code: string }
  | { why: 'closed' }
  /** No Welcome, or no SettingsApplied, in time. */
  | { why: 'silent' }
  /** It does not answer any more, although its connection is open. */
  | { why: 'gone' }
  /** It takes what the caller says more slowly than they say it. */
  | { why: 'slow' }

interface VoiceAgentEvents {
  /** Settings are in force. */
  ready: []
  /** In the output format of the settings, chunks of any size. */
  audio: [Buffer]
  /** The last byte of a reply was sent; it is not heard yet. */
  audioDone: []
  /** When the word of it came, in milliseconds of performance.now(). */
  userStartedSpeaking: [number]
  /** From here on, sound belongs to a new reply. */
  turn: []
  said: [{ role: 'user' | 'assistant'; content: string }]
  functionCalls: [FunctionCall[]]
  functionCallsCancelled: [string[]]
  warning: [string]
  /** Comes once, and not after close(). */
  lost: [AgentLoss]
}

export interface VoiceAgentOptions {
  url: string
  key: string
  /** The Settings message. */
  settings: object
  /** Bytes of caller audio for one second, in the input format of the settings. */
  bytesPerSecond: number
  /** How long to wait for Welcome, and then for SettingsApplied, in milliseconds. */
  welcomeWithin?: number
  /** How long nothing may flow before a KeepAlive is sent, in milliseconds. Deepgram gives up after about ten seconds. */
  keepAlive?: number
  /** How often it is asked whether it is still there, in milliseconds. */
  alive?: number
}

/** So much may wait for a slow network, in seconds: an agent that hears later than that answers old questions. */
const mostBuffered = 5

/** The agent's end of a call: a socket that speaks the Deepgram Voice Agent wire, version 1. */
export class VoiceAgent extends EventEmitter<VoiceAgentEvents> {
  readonly #socket: WebSocket
  readonly #bytesPerSecond: number
  readonly #timers: NodeJS.Timeout[]
  #alive: Alive | undefined
  #sentSince = false
  #over = false

  constructor({
    url,
    key,
    settings,
    bytesPerSecond,
    welcomeWithin = 3_000,
    keepAlive = 5_000,
    alive = 5_000,
  }: VoiceAgentOptions) {
    super()
    this.#bytesPerSecond = bytesPerSecond
    this.#socket = new WebSocket(url, {
      headers: { Authorization: `Token ${key}` },
      perMessageDeflate: false,
      skipUTF8Validation: true,
      handshakeTimeout: welcomeWithin,
    })
    const silence = setTimeout(() => this.#lose({ why: 'silent' }), welcomeWithin)
    this.#timers = [silence, setInterval(() => this.#keepAlive(), keepAlive)]
    this.#socket.once('open', () => {
      this.#alive = new Alive(this.#socket, alive, () => this.#lose({ why: 'gone' }))
    })
    this.#socket.on('unexpected-response', (request, { statusCode = 0 }) => {
      request.destroy()
      this.#lose({ why: 'refused', status: statusCode })
    })
    this.#socket.on('error', () => this.#lose({ why: 'closed' }))
    this.#socket.on('close', () => this.#lose({ why: 'closed' }))
    this.#socket.on('message', (data, isBinary) => {
      if (this.#over) return
      this.#alive?.heard()
      if (isBinary) {
        this.emit('audio', data as Buffer)
        return
      }
      const arrived = performance.now()
      const message = readMessage((data as Buffer).toString())
      if (message?.type === 'Welcome') {
        silence.refresh()
        this.#send(settings)
      } else if (message) {
        if (message.type === 'SettingsApplied') clearTimeout(silence)
        this.#receive(message, arrived)
      }
    })
  }

  /** Takes caller audio once it is ready. @param audio in the input format of the settings */
  send(audio: Buffer): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return
    if (this.#socket.bufferedAmount > mostBuffered * this.#bytesPerSecond) return this.#lose({ why: 'slow' })
    this.#sentSince = true
    this.#socket.send(audio)
  }

  /** Answers a function call. @param content JSON for the model */
  answer({ id, name, thought_signature }: FunctionCall, content: string): void {
    this.#send({
      type: 'FunctionCallResponse',
      id,
      name,
      content,
      ...(thought_signature !== undefined && { thought_signature }),
    })
  }

  /** Lets the agent say something of ours, after what it is saying now. */
  say(message: string): void {
    this.#send({ type: 'InjectAgentMessage', message, behavior: 'queue' })
  }

  /** Tells the agent something as if the caller had said it. */
  hear(content: string): void {
    this.#send({ type: 'InjectUserMessage', content })
  }

  /** Adds to the prompt in force. */
  addToPrompt(prompt: string): void {
    this.#send({ type: 'UpdatePrompt', prompt })
  }

  close(): void {
    this.#end()
    this.#socket.close(1000)
    // A peer that does not answer the close must not hold the socket.
    const patience = setTimeout(() => this.#socket.terminate(), 2_000)
    this.#socket.once('close', () => clearTimeout(patience))
  }

  #receive(message: AgentMessage, arrived: number): void {
    switch (message.type) {
      case 'SettingsApplied':
        this.emit('ready')
        break
      case 'ConversationText':
        if (message.role === 'user') this.emit('turn')
        this.emit('said', { role: message.role, content: message.content })
        break
      case 'UserStartedSpeaking':
        this.emit('userStartedSpeaking', arrived)
        break
      case 'EndOfTurn':
      case 'AgentThinking':
      case 'AgentStartedSpeaking':
        this.emit('turn')
        break
      case 'AgentAudioDone':
        this.emit('audioDone')
        break
      case 'FunctionCallRequest':
        this.emit('turn')
        this.emit(
          'functionCalls',
          message.functions.filter(call => call.client_side),
        )
        break
      case 'FunctionCallCancelled':
        this.emit(
          'functionCallsCancelled',
          message.functions.map(({ id }) => id),
        )
        break
      case 'Warning':
        this.emit('warning', message.code)
        break
      case 'Error':
        this.#lose({ why: 'error', code: message.code })
        break
    }
  }

  #send(message: object): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return
    this.#sentSince = true
    this.#socket.send(JSON.stringify(message))
  }

  #keepAlive(): void {
    if (!this.#sentSince) this.#send({ type: 'KeepAlive' })
    this.#sentSince = false
  }

  #lose(loss: AgentLoss): void {
    if (this.#over) return
    this.#end()
    this.#socket.terminate()
    this.emit('lost', loss)
  }

  #end(): void {
    this.#over = true
    for (const timer of this.#timers) clearTimeout(timer)
    this.#alive?.stop()
  }
}
