import { EventEmitter } from 'node:events'
import { WebSocket } from 'ws'
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

interface VoiceAgentEvents {
  /** Settings are in force. */
  ready: []
  /** In the output format of the settings, chunks of any size. */
  audio: [Buffer]
  /** The last byte of a reply was sent; it is not heard yet. */
  audioDone: []
  userStartedSpeaking: []
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
}

/** So much may wait for a slow network before it is dropped, in seconds: older speech is of no use to a recogniser. */
const mostBuffered = 5

/** The agent's end of a call: a socket that speaks the Deepgram Voice Agent wire, version 1. */
export class VoiceAgent extends EventEmitter<VoiceAgentEvents> {
  readonly #socket: WebSocket
  readonly #bytesPerSecond: number
  readonly #timers: NodeJS.Timeout[]
  #sentSince = false
  #over = false

  constructor({
    url,
    key,
    settings,
    bytesPerSecond,
    welcomeWithin = 3_000,
    keepAlive = 5_000,
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
    this.#socket.on('unexpected-response', (request, { statusCode = 0 }) => {
      request.destroy()
      this.#lose({ why: 'refused', status: statusCode })
    })
    this.#socket.on('error', () => this.#lose({ why: 'closed' }))
    this.#socket.on('close', () => this.#lose({ why: 'closed' }))
    this.#socket.on('message', (data, isBinary) => {
      if (this.#over) return
      if (isBinary) {
        this.emit('audio', data as Buffer)
        return
      }
      const message = readMessage((data as Buffer).toString())
      if (message?.type === 'Welcome') {
        silence.refresh()
        this.#send(settings)
      } else if (message) {
        if (message.type === 'SettingsApplied') clearTimeout(silence)
        this.#receive(message)
      }
    })
  }

  /** Takes caller audio once it is ready. @param audio in the input format of the settings */
  send(audio: Buffer): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return
    if (this.#socket.bufferedAmount > mostBuffered * this.#bytesPerSecond) return
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

  #receive(message: AgentMessage): void {
    switch (message.type) {
      case 'SettingsApplied':
        this.emit('ready')
        break
      case 'ConversationText':
        if (message.role === 'user') this.emit('turn')
        this.emit('said', { role: message.role, content: message.content })
        break
      case 'UserStartedSpeaking':
        this.emit('userStartedSpeaking')
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
  }
}
