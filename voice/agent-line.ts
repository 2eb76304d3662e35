import { EventEmitter } from 'node:events'
import type { AgentLoss, VoiceAgent } from './deepgram/voice-agent.ts'

interface AgentLineEvents {
  /** A connection is being opened: listen to it. */
  agent: [VoiceAgent]
  /** The connection was lost and is being opened again. */
  away: [AgentLoss]
  /** A connection that was lost is there again. */
  back: []
  /** It could not be opened again; comes once. */
  gone: [AgentLoss]
}

export interface AgentLineOptions {
  /** Opens a connection. @param again whether the call has been talking to an agent before */
  open: (again: boolean) => Promise<VoiceAgent>
  /** Bytes of caller audio for one second, in the agent's input format. */
  bytesPerSecond: number
  /** How long to try after a loss, in milliseconds. */
  patience?: number
}

/** So much caller audio is kept while no agent listens, in seconds: more would make the agent answer old questions. */
const mostHeld = 2
const mostUntold = 20
const firstPause = 500

/**
 * Keeps a voice agent on the line for as long as the call goes on: opens it, opens it again when it is lost, and keeps
 * what the caller says meanwhile.
 */
export class AgentLine extends EventEmitter<AgentLineEvents> {
  readonly #options: Required<AgentLineOptions>
  #agent: VoiceAgent | undefined
  #ready = false
  /** What the caller said while no agent listened, in order. */
  #held: Buffer[] = []
  #heldBytes = 0
  /** What else the next agent has to be told, in order. */
  #untold: ((agent: VoiceAgent) => void)[] = []
  /** Runs while a loss is being mended. */
  #deadline: NodeJS.Timeout | undefined
  #pause = 0
  #retry: NodeJS.Timeout | undefined
  #spoken = false
  #over = false

  constructor(options: AgentLineOptions) {
    super()
    this.#options = { patience: 10_000, ...options }
  }

  /** Opens the first connection. Listeners have to be there. */
  open(): void {
    void this.#connect()
  }

  /** @param audio what the caller says, in the agent's input format */
  send(audio: Buffer): void {
    if (this.#ready) this.#agent?.send(audio)
    else this.#hold(audio)
  }

  /** Whether the caller has had an agent on the line at all. */
  get spoken(): boolean {
    return this.#spoken
  }

  /** Lets the agent say something of ours; nothing while there is none. */
  say(message: string): void {
    if (this.#ready) this.#agent?.say(message)
  }

  /** Tells the agent something as if the caller had said it. */
  hear(content: string): void {
    this.#whenReady(agent => agent.hear(content))
  }

  /** Adds to the prompt in force. */
  addToPrompt(prompt: string): void {
    this.#whenReady(agent => agent.addToPrompt(prompt))
  }

  close(): void {
    this.#over = true
    clearTimeout(this.#retry)
    clearTimeout(this.#deadline)
    this.#held = []
    this.#agent?.close()
  }

  async #connect(): Promise<void> {
    const agent = await this.#options.open(this.#spoken)
    if (this.#over) return agent.close()
    this.#agent = agent
    agent.on('ready', () => this.#isReady(agent))
    agent.on('lost', loss => this.#lost(loss))
    this.emit('agent', agent)
  }

  #isReady(agent: VoiceAgent): void {
    this.#ready = true
    this.#pause = 0
    for (const audio of this.#held) agent.send(audio)
    this.#held = []
    this.#heldBytes = 0
    for (const tell of this.#untold.splice(0)) tell(agent)
    const again = this.#spoken && this.#deadline !== undefined
    this.#spoken = true
    clearTimeout(this.#deadline)
    this.#deadline = undefined
    if (again) this.emit('back')
  }

  #lost(loss: AgentLoss): void {
    this.#ready = false
    this.#agent = undefined
    if (this.#over) return
    if (loss.why === 'refused' && (loss.status === 401 || loss.status === 403)) return this.#giveUp(loss)
    if (this.#deadline === undefined) {
      this.#deadline = setTimeout(() => this.#giveUp(loss), this.#options.patience)
      this.emit('away', loss)
    }
    // At once the first time; then with a pause that grows and is never quite the same for two calls.
    this.#retry = setTimeout(() => void this.#connect(), this.#pause * (0.8 + Math.random() * 0.4))
    this.#pause = this.#pause === 0 ? firstPause : this.#pause * 2
  }

  #giveUp(loss: AgentLoss): void {
    this.close()
    this.emit('gone', loss)
  }

  #whenReady(tell: (agent: VoiceAgent) => void): void {
    if (this.#ready) tell(this.#agent!)
    else if (this.#untold.length < mostUntold) this.#untold.push(tell)
  }

  #hold(audio: Buffer): void {
    // What is sent is written to the socket at once; what is kept has to be a copy.
    this.#held.push(Buffer.from(audio))
    this.#heldBytes += audio.length
    while (this.#heldBytes > mostHeld * this.#options.bytesPerSecond) {
      this.#heldBytes -= this.#held.shift()!.length
    }
  }
}
