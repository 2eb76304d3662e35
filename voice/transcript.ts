import type { Logger } from 'pino'
import type { Api } from './api.ts'
import { recordWords } from './documents.ts'

/** Something that was said, by whom. */
export interface Said {
  role: 'user' | 'assistant'
  content: string
}

/** How long words are gathered before they are written down, in milliseconds: an agent speaks sentence by sentence. */
const gather = 500
/** So much is kept here, for an agent that has to take the call over. */
const longest = 60

/** What is said on a call: kept here for the agent, written down in the api for staff. */
export class Transcript {
  /** The newest words, oldest first. */
  readonly recent: Said[] = []
  readonly #api: Api
  readonly #call: string
  readonly #logger: Logger
  /** How much the api has. */
  #written: number
  #unwritten: Said[] = []
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> = Promise.resolve()

  /** @param written how much the api has of this call already */
  constructor(api: Api, call: string, written: number, logger: Logger) {
    this.#api = api
    this.#call = call
    this.#written = written
    this.#logger = logger
  }

  add(said: Said): void {
    this.recent.push(said)
    if (this.recent.length > longest) this.recent.shift()
    this.#unwritten.push(said)
    this.#timer ??= setTimeout(() => this.#write(), gather)
  }

  /** Writes down what is not yet written. Never rejects. */
  async close(): Promise<void> {
    this.#write()
    await this.#writing
  }

  #write(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const said = this.#unwritten
    if (said.length === 0) return
    this.#unwritten = []
    const from = this.#written
    this.#written += said.length
    this.#writing = this.#writing.then(() => this.#send(from, said))
  }

  async #send(from: number, said: Said[]): Promise<void> {
    try {
      const words = said.map(({ role, content }) => ({
        speaker: role === 'user' ? 'CALLER' : 'AGENT',
        text: content,
      }))
      await this.#api.ask(recordWords, { input: { call: this.#call, from, said: words } }, { within: 3_000 })
    } catch {
      this.#logger.warn({ words: said.length }, 'some words of a call were not written down')
    }
  }
}
